import { RecentlyUsed } from './recently-used.ts';

/** A token as somebody gave it. */
export interface GivenToken {
  readonly token: string;
  /** Milliseconds from now. */
  readonly lifetimeMs: number;
}

const LONGEST_LIFE_MS = 3_600_000;
/** So long before its end a token is no longer used; a quarter of its life when that is shorter. */
const MARGIN_MS = 30_000;
const MOST = 1000;

/** Tokens, each until shortly before it expires. Whoever needs one while it is fetched waits for that. */
export class TokenCache {
  readonly #now: () => number;
  readonly #fetching = new Map<string, Promise<string>>();
  readonly #known = new RecentlyUsed<{ readonly token: string; readonly until: number }>(MOST);

  constructor(now: () => number) {
    this.#now = now;
  }

  known(key: string): string | undefined {
    const entry = this.#known.peek(key);
    return entry && entry.until > this.#now() ? entry.token : undefined;
  }

  /** The token for `key` other than `refused`. */
  async get(key: string, fetch: () => Promise<GivenToken>, refused?: string): Promise<string> {
    const known = this.known(key);
    if (known !== undefined && known !== refused) return known;
    const fetching = this.#fetching.get(key) ?? this.#fetch(key, fetch);
    this.#fetching.set(key, fetching);
    return fetching;
  }

  async #fetch(key: string, fetch: () => Promise<GivenToken>): Promise<string> {
    try {
      const { token, lifetimeMs } = await fetch();
      const life = Math.min(LONGEST_LIFE_MS, lifetimeMs);
      this.#known.set(key, { token, until: this.#now() + life - Math.min(MARGIN_MS, life / 4) });
      return token;
    } finally {
      this.#fetching.delete(key);
    }
  }
}
