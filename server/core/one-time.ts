/** What a secret that is good for one use stands for. */
export type OneTimeKind =
  | 'login-state'
  | 'form'
  | 'authorization-code'
  | 'device-code'
  | 'user-code'
  | 'assertion';

/** JSON; what is read back was written here. */
export type Payload = Readonly<Record<string, unknown>>;

export interface Change<T> {
  /** What it stands for from now on; nothing uses it up. */
  readonly payload?: Payload;
  readonly result: T;
}

/** Secrets and ids that are good for one use, known by their hashes (hex SHA-256). */
export interface OneTimeStore {
  /** False when it is there already: it was used before. `expiresAt` is in milliseconds since the epoch. */
  put(kind: OneTimeKind, hash: string, payload: Payload, expiresAt: number): Promise<boolean>;
  /** Uses it up, for one caller alone. Nothing for one that is unknown, used or expired. */
  take(kind: OneTimeKind, hash: string): Promise<Payload | undefined>;
  read(kind: OneTimeKind, hash: string): Promise<Payload | undefined>;
  /** One caller after the other. `work` is not called for one that is unknown, used or expired. */
  change<T>(kind: OneTimeKind, hash: string, work: (payload: Payload) => Change<T>): Promise<T | undefined>;
}
