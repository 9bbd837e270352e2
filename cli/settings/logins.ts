import { isRecord } from '../output/scalar.ts';
import { readJsonObject, writeJsonObject } from './files.ts';
import type { KeyLogin } from './key-file.ts';

export interface Login {
  readonly account: string;
  readonly accessToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Gets the next access token, once. */
  readonly refreshToken?: string;
  /** Gets the next access token, for a service account. */
  readonly key?: KeyLogin;
}

/** The tokens of log-ins, by server address, in a file only its owner can read. */
export class Logins {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Expired ones too, so that a person can be told what expired. */
  async all(): Promise<ReadonlyMap<string, Login>> {
    const found = new Map<string, Login>();
    for (const [server, entry] of Object.entries(await readJsonObject(this.path)))
      if (isLogin(entry)) found.set(server, entry);
    return found;
  }

  async of(server: string): Promise<Login | undefined> {
    return (await this.all()).get(server);
  }

  async put(server: string, login: Login): Promise<void> {
    await this.#write(new Map([...(await this.all()), [server, login]]));
  }

  /** Whether there was one. */
  async remove(server: string): Promise<boolean> {
    const logins = new Map(await this.all());
    if (!logins.delete(server)) return false;
    await this.#write(logins);
    return true;
  }

  async #write(logins: ReadonlyMap<string, Login>): Promise<void> {
    await writeJsonObject(this.path, Object.fromEntries(logins), 0o600);
  }
}

const isLogin = (entry: unknown): entry is Login =>
  isRecord(entry) &&
  typeof entry['account'] === 'string' &&
  typeof entry['accessToken'] === 'string' &&
  typeof entry['expiresAt'] === 'number' &&
  (entry['refreshToken'] === undefined || typeof entry['refreshToken'] === 'string') &&
  (entry['key'] === undefined || isKey(entry['key']));

const isKey = (key: unknown): key is KeyLogin =>
  isRecord(key) && typeof key['id'] === 'string' && typeof key['privateKey'] === 'string';
