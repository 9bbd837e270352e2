import { ApiError, errorOfAnswer } from './api-error.ts';
import { pathOf } from './names.ts';

export interface ClientOptions {
  /** Root of the server: `http://localhost:8080`, with or without a path in front. */
  readonly server: string | URL;
  /** Sent as a Bearer token; a function is asked before every call. */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>);
  readonly fetch?: (request: Request) => Promise<Response>;
  readonly userAgent?: string;
  /** Between two looks at an unfinished operation; replaced in tests. */
  readonly pause?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

export type QueryValue = string | number | boolean | undefined;

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface Call extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A resource name or collection; escapes in it are kept. */
  readonly path: string;
  /** Of the API that the path is of; v1 without one. */
  readonly version?: string;
  /** Custom method, without its colon. */
  readonly verb?: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: unknown;
  /** Bytes that are uploaded, instead of a body. */
  readonly media?: { readonly type: string; readonly content: Blob };
  /** Sent as they are, in place of a message. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Statuses besides those of success that are no refusal. */
  readonly also?: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** One HTTP exchange with the management API. */
export class Transport {
  readonly #options: ClientOptions;
  readonly #base: string;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#base = String(options.server).replace(/\/+$/, '');
  }

  /** The parsed JSON answer. ApiError for every refusal. */
  async json<T>(call: Call): Promise<T> {
    const response = await this.raw(call);
    return (await response.json()) as T;
  }

  /** The answer itself, once it is known to be a success. */
  async raw(call: Call): Promise<Response> {
    const request = await this.#request(call);
    const send = this.#options.fetch ?? fetch;
    let response: Response;
    try {
      response = await send(request);
    } catch (cause) {
      if (call.signal?.aborted) throw cause;
      throw new ApiError(0, 'UNAVAILABLE', `no answer from ${this.#base}`, { reason: 'NO_ANSWER', cause });
    }
    if (response.ok || call.also?.includes(response.status)) return response;
    throw errorOfAnswer(response.status, await response.json().catch(() => undefined));
  }

  async pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
    await (this.#options.pause ?? sleep)(milliseconds, signal);
  }

  async #request({
    method,
    version = 'v1',
    path,
    verb,
    query = {},
    body,
    media,
    bytes,
    headers,
    signal,
  }: Call): Promise<Request> {
    const url = new URL(`${this.#base}/${version}/${pathOf(path)}${verb ? `:${verb}` : ''}`);
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(key, String(value));
    const { token, userAgent } = this.#options;
    const secret = typeof token === 'function' ? await token() : token;
    const sent = new Headers({ accept: 'application/json', ...headers });
    if (secret) sent.set('authorization', `Bearer ${secret}`);
    if (userAgent) sent.set('user-agent', userAgent);
    const init: RequestInit = { method, headers: sent };
    if (signal) init.signal = signal;
    if (bytes !== undefined) init.body = bytes;
    if (body !== undefined) {
      sent.set('content-type', 'application/json');
      init.body = JSON.stringify(body);
    }
    if (media !== undefined) {
      sent.set('content-type', media.type);
      init.body = media.content;
    }
    return new Request(url.href, init);
  }
}

async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const stop = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
