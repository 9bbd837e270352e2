import { type Act, type AuditNotes, failure, type Outcome } from '../core/audit.ts';
import { RegistryError } from '../core/error.ts';
import { actorOf } from './actor.ts';

interface LoginFailuresOptions {
  readonly notes: AuditNotes;
  readonly now: () => number;
  readonly newId: () => string;
  /** Whether an account of that name is there. What was typed for a name, and is none, may be a password. */
  readonly knows: (name: string) => Promise<boolean>;
}

export interface FailedLogin {
  readonly request: Request;
  readonly peer: string;
  /** As it was given beside the `Authorization` header. */
  readonly username?: string | undefined;
  readonly thrown: unknown;
}

interface Window {
  readonly since: number;
  readonly noted: number;
  readonly merged: number;
  readonly last?: Act;
}

const WINDOW_MS = 60_000;
/** Entries of one peer, and of all together, in one window; the rest are one entry that counts them. */
const MOST_OF_PEER = 5;
const MOST = 600;
const MOST_PEERS = 10_000;
const EVERYONE = '*';

/** Records log-ins that failed, so that a flood of them does not become one of the log. */
export class LoginFailures implements AsyncDisposable {
  readonly #options: LoginFailuresOptions;
  readonly #windows = new Map<string, Window>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #noting: Promise<void> = Promise.resolve();

  constructor(options: LoginFailuresOptions) {
    this.#options = options;
  }

  /** Takes any failure, and notes it if a credential was not believed. */
  failed(login: FailedLogin): void {
    if (!isFailedLogin(login.thrown)) return;
    this.#timer ??= setTimeout(() => this.#sweep(false), WINDOW_MS).unref();
    if (this.#windows.size >= MOST_PEERS) this.#sweep(true);
    const full = [EVERYONE, login.peer].find((key) => this.#windowOf(key).noted >= mostOf(key));
    const act = this.#act(login);
    const outcome = failure(login.thrown);
    if (full !== undefined) return this.#merge(full, act);
    for (const key of [EVERYONE, login.peer]) {
      const window = this.#windowOf(key);
      this.#windows.set(key, { ...window, noted: window.noted + 1 });
    }
    this.#noting = this.#noting.then(() => this.#note(login, act, outcome));
  }

  #windowOf(key: string): Window {
    const known = this.#windows.get(key);
    const now = this.#options.now();
    if (known && now < known.since + WINDOW_MS) return known;
    if (known) this.#summarise(known);
    const begun: Window = { since: now, noted: 0, merged: 0 };
    this.#windows.set(key, begun);
    return begun;
  }

  #merge(key: string, last: Act): void {
    const window = this.#windowOf(key);
    this.#windows.set(key, { ...window, merged: window.merged + 1, last });
  }

  /** Counts what was merged in windows that are over, or in all. */
  #sweep(all: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = this.#options.now();
    for (const [key, window] of this.#windows) {
      if (!all && now < window.since + WINDOW_MS) continue;
      this.#windows.delete(key);
      this.#summarise(window);
    }
    if (this.#windows.size > 0) this.#timer = setTimeout(() => this.#sweep(false), WINDOW_MS).unref();
  }

  #summarise({ since, merged, last }: Window): void {
    if (!last) return;
    const request = { attempts: merged, since: new Date(since).toISOString() };
    this.#options.notes.note({ ...last, request }, { code: 16, message: `${merged} more failed log-ins` });
  }

  async #note(
    { request, username = nameIn(request) }: FailedLogin,
    act: Act,
    outcome: Outcome,
  ): Promise<void> {
    const known = username !== undefined && (await this.#options.knows(username).catch(() => false));
    this.#options.notes.note(known ? { ...act, request: { username } } : act, outcome);
  }

  #act({ request, peer }: FailedLogin): Act {
    const { now, newId } = this.#options;
    return {
      id: newId(),
      at: now(),
      actor: actorOf(request, peer),
      type: 'ADMIN_WRITE',
      service: 'sts.googleapis.com',
      method: 'google.identity.sts.v1.SecurityTokenService.Authenticate',
      resource: '/',
    };
  }

  /** Once every failure so far was noted or counted. */
  settled(): Promise<void> {
    return this.#noting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sweep(true);
    clearTimeout(this.#timer);
    await this.settled();
  }
}

const mostOf = (key: string): number => (key === EVERYONE ? MOST : MOST_OF_PEER);

/** RFC 6749 section 5.2 has words of its own for it; those for being early are none of them. */
const DISBELIEVED = new Set(['invalid_grant', 'invalid_client', 'access_denied']);

const isFailedLogin = (thrown: unknown): boolean =>
  thrown instanceof RegistryError &&
  (thrown.code === 'UNAUTHENTICATED' ||
    thrown.code === 'RESOURCE_EXHAUSTED' ||
    DISBELIEVED.has(thrown.reason));

/** The user name of a Basic credential (RFC 7617). */
function nameIn({ headers }: Request): string | undefined {
  const [, value] = /^basic\s+(\S+)$/i.exec(headers.get('authorization') ?? '') ?? [];
  return value && Buffer.from(value, 'base64').toString().split(':', 1)[0];
}
