/** A keyset page: rows after a name, in byte order of their names. */
export interface Page {
  readonly limit: number;
  /** Exclusive; need not exist. */
  readonly after?: string;
}

export interface Slice<T> {
  readonly rows: readonly T[];
  /** Whether rows follow the last one here. */
  readonly more: boolean;
}
