import { networkOf } from '../lib/peer-network.ts';
import { tooManyLogins } from './too-many-logins.ts';

interface ThrottleOptions {
  readonly now: () => number;
  /** Failures in one window before more attempts are refused. */
  readonly failures: number;
  readonly windowMs: number;
}

interface Failures {
  readonly count: number;
  readonly since: number;
}

const REMEMBERED = 10_000;

/** Slows down guessing, by account from one peer and by peer over all accounts; a right password forgives. */
export class LoginThrottle {
  readonly #options: ThrottleOptions;
  readonly #failures = new Map<string, Failures>();

  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  /** RESOURCE_EXHAUSTED with the seconds to wait, when there were too many failures. */
  admit(username: string, peer: string): void {
    const { now, failures, windowMs } = this.#options;
    for (const [key, most] of this.#keys(username, peer, failures)) {
      const known = this.#failures.get(key);
      if (!known || known.count < most || known.since + windowMs <= now()) continue;
      const seconds = Math.ceil((known.since + windowMs - now()) / 1000);
      throw tooManyLogins(`too many failed log-ins; wait ${seconds} s`, seconds);
    }
  }

  failed(username: string, peer: string): void {
    const { now, windowMs, failures } = this.#options;
    if (this.#failures.size >= REMEMBERED) this.#failures.clear();
    for (const [key] of this.#keys(username, peer, failures)) {
      const known = this.#failures.get(key);
      const current = known && known.since + windowMs > now() ? known : { count: 0, since: now() };
      this.#failures.set(key, { ...current, count: current.count + 1 });
    }
  }

  succeeded(username: string, peer: string): void {
    this.#failures.delete(JSON.stringify([username, networkOf(peer)]));
  }

  #keys(username: string, peer: string, failures: number): readonly (readonly [string, number])[] {
    const network = networkOf(peer);
    return [
      [JSON.stringify([username, network]), failures],
      [JSON.stringify([network]), failures * 10],
    ];
  }
}
