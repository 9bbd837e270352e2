import { RegistryError } from '../core/error.ts';

/** What is shown to an upstream in `Authorization`. */
export interface Authorization {
  /** With the request; nothing when there is nothing to show yet. */
  header(url: URL): Promise<string | undefined>;
  /** After a 401: what to show instead, or nothing when nothing else could help. */
  challenged(url: URL, challenges: string | null, shown: string | undefined): Promise<string | undefined>;
}

/** The same for every request. */
export class FixedAuthorization implements Authorization {
  readonly #header: string;

  constructor(header: string) {
    this.#header = header;
  }

  async header(): Promise<string> {
    return this.#header;
  }

  async challenged(): Promise<undefined> {
    return undefined;
  }
}

/** RFC 6750 2.1. Fails with FAILED_PRECONDITION for what does not fit into a header, and does not repeat it. */
export function bearer(token: string, host: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new RegistryError(
    'FAILED_PRECONDITION',
    'UPSTREAM_FORBIDDEN',
    `${host} is not asked: the token that is set for it has characters that no token has`,
  );
}

/** RFC 7617, in UTF-8. */
export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
