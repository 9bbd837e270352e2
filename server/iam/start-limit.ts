import { networkOf } from '../lib/peer-network.ts';
import { tooManyLogins } from './too-many-logins.ts';

interface StartLimitOptions {
  readonly now: () => number;
  readonly windowMs: number;
  /** Starts of one peer, and of all together, in one window. */
  readonly mostOfPeer: number;
  readonly most: number;
}

/** Bounds what strangers can have kept for them: a log-in that begins is stored until it expires. */
export class StartLimit {
  readonly #options: StartLimitOptions;
  readonly #ofPeer = new Map<string, number>();
  #all = 0;
  #since = -Infinity;

  constructor(options: StartLimitOptions) {
    this.#options = options;
  }

  /** RESOURCE_EXHAUSTED with the seconds to wait. */
  admit(peer: string): void {
    const { now, windowMs, mostOfPeer, most } = this.#options;
    if (now() >= this.#since + windowMs) {
      this.#ofPeer.clear();
      this.#all = 0;
      this.#since = now();
    }
    const network = networkOf(peer);
    const mine = this.#ofPeer.get(network) ?? 0;
    if (mine >= mostOfPeer || this.#all >= most) {
      const seconds = Math.ceil((this.#since + windowMs - now()) / 1000);
      throw tooManyLogins(`too many log-ins were begun; wait ${seconds} s`, seconds);
    }
    this.#ofPeer.set(network, mine + 1);
    this.#all += 1;
  }
}
