import { createHash, timingSafeEqual } from 'node:crypto';
import { tooManyLogins } from './too-many-logins.ts';

/** OWASP's parameters for argon2id: 19 MiB, two passes. */
const COST = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const;
/** Each check takes 19 MiB and a core; more at once would let strangers take the machine. */
const AT_ONCE = 2;
const WAITING = 64;
/** For whom there is no place in the queue: it is gone through by then. */
const BUSY_SECONDS = 2;
const REMEMBERED = 1_000;

export const hashPassword = (password: string): Promise<string> => Bun.password.hash(password, COST);

/** Tells whether a password is still the one it was, and nothing else about it. */
export const passwordMark = (storedHash: string): string =>
  createHash('sha256').update(`mark\n${storedHash}`).digest('base64url').slice(0, 22);

/**
 * Checks passwords, a few at a time. A password that was right is remembered as a digest tied to the stored hash,
 * so that clients which send Basic on every request do not pay for each; changing the password forgets it.
 */
export class PasswordChecker {
  readonly #right = new Map<string, Buffer>();
  /** By digest: clients ask for several tokens at once, all with the same password. */
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #queue: (() => void)[] = [];
  #running = 0;
  #decoy: Promise<string> | undefined;

  /** `admit` is asked when the turn has come, and may refuse by throwing: others may have failed while this one waited. */
  async matches(password: string, storedHash: string, admit: () => void = () => {}): Promise<boolean> {
    const digest = createHash('sha256').update(`${storedHash}\n${password}`).digest();
    const known = this.#right.get(storedHash);
    if (known && timingSafeEqual(known, digest)) return true;
    const key = digest.toString('base64');
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const asked = this.#oneOfFew(async () => {
      admit();
      return Bun.password.verify(password, storedHash);
    });
    this.#underWay.set(key, asked);
    try {
      const right = await asked;
      if (right) {
        if (this.#right.size >= REMEMBERED) this.#right.clear();
        this.#right.set(storedHash, digest);
      }
      return right;
    } finally {
      this.#underWay.delete(key);
    }
  }

  /** Takes as long as a check that fails, so that an unknown name is not told from a wrong password. */
  async pretend(password: string, admit?: () => void): Promise<false> {
    this.#decoy ??= hashPassword(crypto.randomUUID());
    await this.matches(password, await this.#decoy, admit);
    return false;
  }

  async #oneOfFew<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < AT_ONCE) this.#running += 1;
    else {
      if (this.#queue.length >= WAITING)
        throw tooManyLogins('too many log-ins at once; try again', BUSY_SECONDS);
      // Whoever ends hands its place over.
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
