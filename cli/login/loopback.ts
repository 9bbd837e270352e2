import { timingSafeEqual } from 'node:crypto';
import { CliError } from '../exit.ts';

const PATH = '/callback';
const PATIENCE_MS = 5 * 60_000;

/** What the browser brought back (RFC 6749 section 4.1.2). */
export interface Brought {
  readonly code: string;
  /** Whose it is (RFC 9207). */
  readonly issuer: string | null;
}

/** Waits on this machine for the browser to come back from the server (RFC 8252 section 7.3). */
export class Loopback implements AsyncDisposable {
  readonly #state: string;
  readonly #server: ReturnType<typeof Bun.serve>;
  readonly #brought = Promise.withResolvers<Brought>();

  constructor(state: string) {
    this.#state = state;
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) => this.#answer(request),
      error: () => page('That did not work', 'Something went wrong here. Start the log-in again.', 500),
    });
    // Heard by nobody when the browser never started.
    this.#brought.promise.catch(() => undefined);
  }

  get redirectUri(): string {
    return `http://127.0.0.1:${this.#server.port}${PATH}`;
  }

  async brought(): Promise<Brought> {
    const late = (): void =>
      this.#brought.reject(
        new CliError('unavailable', 'nobody finished the log-in in the browser within five minutes'),
      );
    const timer = setTimeout(late, PATIENCE_MS);
    try {
      return await this.#brought.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whatever does not know the state is a stranger's, and changes nothing. */
  #answer(request: Request): Response {
    const url = new URL(request.url);
    const { searchParams: query } = url;
    const isOurs = request.method === 'GET' && url.pathname === PATH && same(query.get('state'), this.#state);
    if (!isOurs) return page('Not expected', 'This address is for the end of a log-in that began here.', 400);
    const code = query.get('code');
    if (code === null) {
      this.#brought.reject(new CliError('denied', 'the log-in was refused in the browser'));
      return page('Refused', 'Entrepot was not let in. You can close this page.');
    }
    this.#brought.resolve({ code, issuer: query.get('iss') });
    return page('You are logged in', 'Entrepot is logged in. You can close this page.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(false);
  }
}

function same(given: string | null, right: string): boolean {
  const [one, other] = [Buffer.from(given ?? ''), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

const page = (title: string, text: string, status = 200): Response =>
  new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">` +
      `<title>${title}</title><body><h1>${title}</h1><p>${text}</p></body></html>\n`,
    {
      status,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        connection: 'close',
      },
    },
  );
