import type { Actor } from './audit.ts';
import { invalid } from './error.ts';

/** What a client of the token endpoint sent. */
export interface GrantRequest {
  /** A field of the form. */
  field(name: string): string | undefined;
  /** Scheme and host that the client called this server by. */
  readonly origin: string;
  /** Where it came from; who it is, the grant finds out. */
  readonly actor: Actor;
  readonly authorization: string | null;
}

/** RFC 6749 section 5.1, RFC 8693 section 2.2.1. */
export interface GrantAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token?: string;
  readonly scope?: string;
  readonly issued_token_type?: string;
}

/** One way to get an access token. */
export interface Grant {
  /** The `grant_type`. */
  readonly type: string;
  /** Refusals whose reason is in lower case are RFC 6749's own error codes. */
  run(request: GrantRequest): Promise<GrantAnswer>;
}

/** A field that a grant cannot do without. */
export function required(request: GrantRequest, name: string): string {
  const value = request.field(name);
  if (value === undefined || value === '') throw invalid('invalid_request', `${name} is missing`);
  return value;
}
