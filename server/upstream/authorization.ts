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

/** RFC 7617, in UTF-8. */
export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
