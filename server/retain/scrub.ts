import type { BlobInfo, BlobStore, Body, Quarantine } from '../core/blob.ts';
import { isNotFound } from '../core/error.ts';
import type { Damage, ScrubCandidate, ScrubPosition, ScrubTables, ScrubWork } from '../core/scrub.ts';
import { Hashing } from '../lib/hashing.ts';

/** A pass of its own accord begins this long after the one before it began. */
const PASS_EVERY_MS = 24 * 3_600_000;
const LOOK_EVERY_MS = 5_000;
const RETRY_MS = 30_000;
const LEASE_MS = 60_000;
/** How often it is kept how far a pass is, and so what a process that dies has to read again. */
const SAVE_EVERY_MS = 5_000;
const BATCH = 100;
/** Bytes read and hashed at a time; requests have their turn between two of them. */
const PIECE = 256 * 1024;
/** So many reads that fail one after another are the storage's failure, not a blob's. */
const FAILURES = 3;

interface ScrubberParts {
  readonly tables: ScrubTables;
  readonly blobs: Pick<BlobStore, 'open'> & Pick<Quarantine, 'storedAt' | 'setAside'>;
  /** Bytes per second. */
  readonly rate: number;
  /** Whether passes begin by themselves. */
  readonly scheduled: boolean;
  /** Of this process. */
  readonly owner: string;
  readonly now: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Told of each blob that is not served any more. */
  readonly found: (blob: BlobInfo, damage: Damage) => void;
  /** Told of each whose object came back. */
  readonly recovered: (blob: BlobInfo) => void;
  /** Told of what could not be read, and is tried again. */
  readonly failed: (cause: unknown, blob?: BlobInfo) => void;
}

type Verdict = 'sound' | 'stopped' | Damage;

/**
 * Reads every stored byte again and again, slowly, and holds it to its digest. One process at a time does, and goes on
 * where the last one stopped. What is damaged is not served any more and heals by a push of the same bytes.
 */
export class Scrubber implements ScrubWork {
  readonly rate: number;
  readonly scheduled: boolean;
  readonly #parts: ScrubberParts;
  readonly #timer: ReturnType<typeof setInterval>;
  #looking: Promise<void> | undefined;
  #stopped = false;
  #notBefore = 0;

  constructor(parts: ScrubberParts) {
    this.rate = parts.rate;
    this.scheduled = parts.scheduled;
    this.#parts = parts;
    this.#timer = setInterval(() => this.wake(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  wake(): void {
    this.look().catch((cause: unknown) => this.#parts.failed(cause));
  }

  /** Does what is due, to the end of the pass. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Ends after the piece it is reading. The next process goes on from there. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#looking?.catch(() => undefined);
  }

  async #look(): Promise<void> {
    const { tables, owner, now } = this.#parts;
    // Each round is a pass; one that was asked for while another ran begins at once.
    while (!this.#stopped && !this.#isResting() && (await this.#isDue())) {
      const position = await tables.claim(owner, now(), now() + LEASE_MS);
      if (!position) return;
      try {
        if (!(await new Pass(this.#parts, position, () => this.#stopped).run())) {
          this.#notBefore = now() + RETRY_MS;
          return;
        }
      } finally {
        await tables.release(owner);
      }
    }
  }

  /** After a failure, for a while; not for longer when the clock was put back. */
  #isResting(): boolean {
    const left = this.#notBefore - this.#parts.now();
    return left > 0 && left <= RETRY_MS;
  }

  async #isDue(): Promise<boolean> {
    const { pass, lastPass, requestedAt } = await this.#parts.tables.state();
    const startedAt = (pass ?? lastPass)?.startedAt ?? 0;
    if (requestedAt > startedAt || pass?.hurried === true) return true;
    if (!this.scheduled) return false;
    const since = this.#parts.now() - startedAt;
    // A pass that is to come was begun before the clock was put back.
    return pass !== undefined || since >= PASS_EVERY_MS || since < -LEASE_MS;
  }
}

/** One pass, from where it stands. */
class Pass {
  readonly #parts: ScrubberParts;
  readonly #stopped: () => boolean;
  /** What could not be read, to be tried once more at the end. */
  readonly #unread: ScrubCandidate[] = [];
  #position: ScrubPosition;
  /** Where it stood when reads last succeeded. */
  #readable: ScrubPosition;
  #savedAt: number;
  #failures = 0;

  constructor(parts: ScrubberParts, position: ScrubPosition, stopped: () => boolean) {
    this.#parts = parts;
    this.#position = position;
    this.#readable = position;
    this.#stopped = stopped;
    this.#savedAt = parts.now();
  }

  /** False when it cannot go on now; true at its end, or when another pass is wanted in its place. */
  async run(): Promise<boolean> {
    const { tables, owner, now } = this.#parts;
    for (;;) {
      const batch = await tables.next(this.#position.cursor, BATCH);
      for (const blob of batch) {
        if (!(await this.#try(blob))) {
          if (this.#failures > 0) this.#position = this.#readable;
          await this.#save();
          return false;
        }
        const { blobs, bytes } = this.#position;
        this.#position = {
          ...this.#position,
          cursor: blob.digest,
          blobs: blobs + 1,
          bytes: bytes + blob.size,
        };
        if (this.#failures === 0) this.#readable = this.#position;
        if (!(await this.#stands())) return true;
      }
      if (batch.length < BATCH) break;
    }
    for (const blob of this.#unread) if (!(await this.#try(blob, true))) return false;
    await tables.finish(owner, this.#position, now());
    return true;
  }

  /** Renews the lease when it is time. False when it is another's, or another pass was asked for. */
  async #stands(): Promise<boolean> {
    return this.#parts.now() - this.#savedAt < SAVE_EVERY_MS || (await this.#save());
  }

  #save(): Promise<boolean> {
    const { tables, owner, now } = this.#parts;
    this.#savedAt = now();
    return tables.save(owner, this.#position, now() + LEASE_MS);
  }

  /** False when the storage fails altogether, or the process stops. */
  async #try(blob: ScrubCandidate, again = false): Promise<boolean> {
    try {
      const judged = await this.#examine(blob);
      if (judged === 'stopped') return false;
      this.#failures = 0;
    } catch (cause) {
      this.#failures += 1;
      this.#parts.failed(cause, blob);
      if (!again) this.#unread.push(blob);
    }
    return this.#failures < FAILURES && !this.#stopped();
  }

  async #examine(blob: ScrubCandidate): Promise<'judged' | 'stopped'> {
    const { tables, blobs, found, recovered } = this.#parts;
    let verdict = await this.#verdict(blob);
    // Damage is told only by two readings that agree: memory and cables fail, too.
    if (verdict !== 'sound' && verdict !== 'stopped' && !blob.lost) verdict = await this.#verdict(blob);
    if (verdict === 'stopped') return 'stopped';
    if (verdict === 'sound') {
      if (blob.lost && (await tables.markSound(blob))) recovered(blob);
      return 'judged';
    }
    if (!blob.lost && (await tables.markDamaged(blob, verdict))) {
      found(blob, verdict);
      if (verdict === 'corrupt') await blobs.setAside(blob);
    }
    return 'judged';
  }

  async #verdict(blob: BlobInfo): Promise<Verdict> {
    const { blobs } = this.#parts;
    try {
      const digest = await this.#read(await blobs.open(blob), blob.size);
      if (digest === 'stopped') return 'stopped';
      return digest === blob.digest ? 'sound' : 'corrupt';
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // The store opens no object of another size.
      return (await blobs.storedAt(blob)) === undefined ? 'missing' : 'corrupt';
    }
  }

  /** The digest of a body, read no faster than allowed. */
  async #read(body: Body, size: number): Promise<string> {
    const { rate, now, pause } = this.#parts;
    const hashing = new Hashing();
    const whole = body instanceof Blob ? body : await new Response(body).blob();
    const step = Math.min(PIECE, rate);
    for (let at = 0; at < size; at += step) {
      if (this.#stopped() || !(await this.#stands())) return 'stopped';
      const before = now();
      const piece = await whole.slice(at, at + step).bytes();
      hashing.update(piece);
      const due = this.#position.hurried ? 0 : Math.ceil((piece.byteLength * 1000) / rate) - (now() - before);
      await pause(Math.max(0, due));
    }
    return hashing.length === size ? hashing.finish().digest : '';
  }
}
