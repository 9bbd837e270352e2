import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/iam.ts';
import type { FailedLogin } from '../login-failures.ts';
import type { FormTokens } from './form-tokens.ts';

export interface Session {
  readonly secret: string;
  readonly expiresInSeconds: number;
}

/** People's sessions in browsers. */
interface Sessions {
  /** Whose session a cookie holds; nothing when it holds none, or no longer one. */
  caller(secret: string | undefined, peer: string): Promise<Caller | undefined>;
  /** UNAUTHENTICATED when the password is not theirs, RESOURCE_EXHAUSTED after too many that were not. */
  withPassword(username: string, password: string, actor: Actor): Promise<Session>;
  end(caller: Caller, actor: Actor): Promise<void>;
}

/** The provider that people may log in with instead of a password. */
interface Provider {
  /** What people call it. */
  readonly name: string;
  begin(request: {
    readonly browser: string;
    readonly to: string;
    readonly redirectUri: string;
  }): Promise<URL>;
  finish(
    query: URLSearchParams,
    browser: string | undefined,
    actor: Actor,
  ): Promise<{ readonly session: Session; readonly to: string }>;
}

export interface Waiting {
  readonly peer: string;
  readonly userAgent: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Programs without a browser that wait to be let in (RFC 8628). */
interface Devices {
  begin(actor: Actor): Promise<{
    readonly deviceCode: string;
    readonly userCode: string;
    readonly expiresInSeconds: number;
    readonly intervalSeconds: number;
  }>;
  waiting(userCode: string, account: string, peer: string): Promise<Waiting | undefined>;
  decide(userCode: string, account: string, allow: boolean): Promise<boolean>;
}

/** What a person has just agreed to. */
export interface Agreed {
  readonly account: string;
  readonly clientId: string;
  readonly redirectUri: string;
  /** PKCE S256, base64url. */
  readonly challenge: string;
}

/** What the log-in pages are made of. */
export interface LoginParts {
  readonly sessions: Sessions;
  readonly provider?: Provider;
  readonly devices: Devices;
  /** A code for a program that a person has let in. */
  authorizationCode(agreed: Agreed): Promise<string>;
  readonly forms: FormTokens;
  /** RESOURCE_EXHAUSTED for a peer that begins too many log-ins; each of them is kept for a while. */
  admit(peer: string): void;
  readonly failedLogin: (login: FailedLogin) => void;
  readonly random: (bytes: number) => Uint8Array;
  readonly now: () => number;
  /** The grant types of the token endpoint. */
  readonly grantTypes: readonly string[];
}
