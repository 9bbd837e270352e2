import type { S3Bucket, S3Object } from '../s3/s3-bucket.ts';
import { BackupError } from './backup-error.ts';
import type { Hold } from './backup-target.ts';

export interface LeaseOptions {
  readonly bucket: S3Bucket;
  readonly address: string;
  /** Prefix of the keys of all who want to be alone. */
  readonly folder: string;
  readonly id: string;
  /** Whose object is older is taken for dead. Milliseconds. */
  readonly leaseMs: number;
  readonly pause: (ms: number) => Promise<void>;
}

const RENEWALS = 4;

/**
 * Being alone in a bucket, which knows no locks. Everybody first writes an object and then looks who else has one; storage shows
 * what was written at once, so of two at least one sees the other. An object that is not written again for the length of a lease
 * was of a run that was killed. All times are the storage's own.
 */
export class S3Lease implements Hold {
  readonly #options: LeaseOptions;
  #timer: Timer | undefined;
  /** When our object was last seen to be written. */
  #writtenAt: number | undefined;
  #lost = false;
  #renewal: Promise<void> = Promise.resolve();

  private constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Waits for the end of a lease that nobody renews. */
  static async take(options: LeaseOptions): Promise<S3Lease> {
    const lease = new S3Lease(options);
    await lease.#write();
    const every = options.leaseMs / RENEWALS;
    lease.#timer = setInterval(() => {
      // What fails is found out by `check`.
      lease.#renewal = lease.#renew().catch(() => undefined);
    }, every);
    try {
      await lease.#outlive(every);
      return lease;
    } catch (error) {
      await lease[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #outlive(every: number): Promise<void> {
    const { address, leaseMs, pause, bucket } = this.#options;
    const seen = new Map<string, number>();
    for (;;) {
      const { others, at } = await this.#look();
      if (others.length === 0) return;
      for (const { key, writtenAt } of others) {
        const before = seen.get(key);
        if (before !== undefined && before !== writtenAt)
          throw new BackupError(`${address} is in use by another backup; wait for its end`);
        seen.set(key, writtenAt);
        if (at - writtenAt > leaseMs) await bucket.remove(key);
      }
      await pause(every);
    }
  }

  async check(): Promise<void> {
    if (await this.#isHeld()) return;
    throw new BackupError(
      `${this.#options.address} could not be reached for so long that another run may have begun; run it again, which goes on where this one stopped`,
    );
  }

  /**
   * Whoever was silent for longer than a lease may have been taken for dead, and must not join who began meanwhile: also where
   * their object is there again, since what was on its way to the storage came late.
   */
  async #isHeld(): Promise<boolean> {
    const { own, at } = await this.#look();
    const before = this.#writtenAt ?? own?.writtenAt ?? 0;
    this.#writtenAt = Math.max(before, own?.writtenAt ?? 0);
    this.#lost ||=
      own === undefined || Math.max(at - own.writtenAt, own.writtenAt - before) > this.#options.leaseMs;
    return !this.#lost;
  }

  async #look(): Promise<{
    readonly own: S3Object | undefined;
    readonly others: readonly S3Object[];
    readonly at: number;
  }> {
    const { bucket, folder } = this.#options;
    const { objects, at } = await bucket.page(folder);
    return {
      own: objects.find(({ key }) => key === this.#key),
      others: objects.filter(({ key }) => key !== this.#key),
      at,
    };
  }

  async #renew(): Promise<void> {
    if (await this.#isHeld()) await this.#write();
  }

  get #key(): string {
    return `${this.#options.folder}${this.#options.id}`;
  }

  #write(): Promise<void> {
    return this.#options.bucket.put(this.#key, new Uint8Array());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
    // Nobody waits for longer than a lease where it cannot be removed.
    await this.#options.bucket.remove(this.#key).catch(() => undefined);
  }
}
