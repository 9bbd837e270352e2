/** A fetch, as every process that serves the same data calls it. */
export interface FetchKey {
  readonly repositoryId: number;
  readonly what: string;
}

/** A fetch by one process, as the others see it. */
export interface LeasedFetch {
  /** Where its bytes come. */
  readonly upload: string;
  /** Bytes it will have, where that is known and worth knowing. */
  readonly size?: number;
  /** Milliseconds since the epoch. Who comes later than that may take it over. */
  readonly leaseUntil: number;
}

/** `kept`: it is over, and was kept; said for some seconds. One that failed is gone. */
export type SeenFetch = LeasedFetch & { readonly kept: boolean };

/** Which process fetches what, so that no other does. */
export interface FetchLeases {
  find(key: FetchKey): SeenFetch | undefined;
  /** Takes the fetch for `owner`, unless another has it at `now`. */
  claim(key: FetchKey, owner: string, fetch: LeasedFetch, now: number): Promise<boolean>;
  /** Says how far it is. Nothing happens when another owner has taken it over. */
  update(key: FetchKey, owner: string, fetch: LeasedFetch): Promise<void>;
  /** Says that it is over: kept in this upload or, without one, not kept. Nothing happens when it is another's. */
  release(key: FetchKey, owner: string, upload: string | undefined, now: number): Promise<void>;
}
