import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, getCACertificates } from 'node:tls';

/** After that, a connection that nobody uses is closed. */
const IDLE_MS = 15_000;
const IDLE_PER_HOST = 32;

interface ConnectionOptions {
  /** Certificates to believe besides the system's, PEM. */
  readonly ca?: string;
}

/** Connections, some of them kept open for the next request to the same host and port. */
export class Connections implements Disposable {
  readonly #kept: readonly [HttpAgent, HttpsAgent];
  readonly #single: readonly [HttpAgent, HttpsAgent];

  constructor({ ca }: ConnectionOptions = {}) {
    // One context for all, since reading a hundred certificates takes longer than a request.
    const trust = ca === undefined ? {} : { secureContext: believing(ca) };
    const keeping = { keepAlive: true, timeout: IDLE_MS, maxFreeSockets: IDLE_PER_HOST };
    this.#kept = [new HttpAgent(keeping), new HttpsAgent({ ...keeping, ...trust })];
    this.#single = [new HttpAgent(), new HttpsAgent(trust)];
  }

  /** What makes a connection for a URL, or, when it may be kept, finds one that is there. */
  agent({ protocol }: URL, keep: boolean): HttpAgent {
    const [plain, secure] = keep ? this.#kept : this.#single;
    return protocol === 'https:' ? secure : plain;
  }

  [Symbol.dispose](): void {
    for (const agent of [...this.#kept, ...this.#single]) agent.destroy();
  }
}

const believing = (ca: string) => createSecureContext({ ca: [...getCACertificates('default'), ca] });
