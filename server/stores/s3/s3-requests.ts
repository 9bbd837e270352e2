import type { Element } from '../../lib/xml-document.ts';
import { readXml, refusalIn } from './s3-answers.ts';
import { isPassing, S3Failure, s3Failure } from './s3-failure.ts';
import { escaped, type S3Credentials, sha256, signed } from './signature.ts';

/** Where a bucket is, and who asks. */
export interface S3Place {
  /** Of the storage; the bucket comes behind it, as the first part of the path. */
  readonly endpoint: URL;
  readonly region: string;
  readonly bucket: string;
  readonly credentials: S3Credentials;
}

/** What requests take from outside. */
export interface S3Surroundings {
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** Milliseconds without a word from the storage after which a request has failed. */
  readonly patienceMs: number;
}

export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** None for what is asked of the bucket. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 20_000;
/** Bytes a second that a body is given time for. */
const SLOWEST = 32 * 1024;
/** Characters; a page of a list takes a tenth of it. */
const LONGEST_TEXT = 16 * 1024 * 1024;

/**
 * Signed requests to one bucket. Each says what the sha256 of its body is, so the storage itself refuses bytes that changed on
 * their way. What may pass is tried again, later each time. All fail with S3Failure.
 */
export class S3Requests {
  readonly place: S3Place;
  readonly #around: S3Surroundings;

  constructor(place: S3Place, around: S3Surroundings) {
    this.place = place;
    this.#around = around;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#around.now();
  }

  /** The answer to a request that succeeded, with the root element of its body, where that has one. */
  answer(request: S3Request): Promise<{ readonly root: Element | undefined; readonly headers: Headers }> {
    return this.#again(async () => {
      const answer = await this.#once(request);
      const root = await readXml(await this.#textOf(request, (take) => answer.each(take)));
      const { code, message } = refusalIn(root);
      // Parts may fail to become one object behind a status that says all is well.
      if (code !== '') throw this.#failure(request, { status: 500, code, message });
      return { root, headers: answer.headers };
    });
  }

  /** Reads an object from its first byte to its last, going on behind those that were read when an answer breaks off. */
  async read(key: string, each: (piece: Uint8Array) => Promise<void> | void): Promise<void> {
    let at = 0;
    let etag: string | undefined;
    await this.#again(async () => {
      const from = at > 0 && etag !== undefined ? { range: `bytes=${at}-`, 'if-match': etag } : undefined;
      if (at > 0 && !from) throw new Error('the storage gives its objects no tag');
      const request: S3Request = { method: 'GET', key, ...(from && { headers: from }) };
      const answer = await this.#once(request);
      if (at > 0 && answer.status !== 206) throw new Error('the storage answers ranges with the whole');
      etag = answer.headers.get('etag') ?? undefined;
      const length = Number(answer.headers.get('content-length') ?? Number.NaN);
      const end = at + length;
      await answer.each(async (piece) => {
        await each(piece);
        at += piece.byteLength;
      });
      if (at < end) throw this.#failure(request, { status: 0, code: '', message: 'an answer broke off' });
    });
  }

  async #again<T>(attempt: () => Promise<T>): Promise<T> {
    for (let made = 1; ; made += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof S3Failure) || !isPassing(error) || made === ATTEMPTS) throw error;
        const longest = Math.min(FIRST_PAUSE_MS * 2 ** (made - 1), LONGEST_PAUSE_MS);
        await this.#around.pause(longest * (0.5 + this.#around.random() / 2));
      }
    }
  }

  async #once(request: S3Request): Promise<Answer> {
    const { method, body } = request;
    const url = this.#urlOf(request);
    const headers = await signed(
      { method, url, headers: request.headers ?? {}, bodySha256: sha256(body ?? '') },
      { ...this.place, now: new Date(this.#around.now()) },
    );
    headers.set('accept-encoding', 'identity');
    const silence = new Silence(this.#around.patienceMs);
    silence.start(((body?.byteLength ?? 0) / SLOWEST) * 1_000);
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers,
        ...(body && { body }),
        redirect: 'manual',
        signal: silence.signal,
        decompress: false,
      });
    } catch (error) {
      throw this.#failure(request, unanswered(silence, error));
    } finally {
      silence.stop();
    }
    const each: Answer['each'] = async (take) => {
      if (response.body === null) return;
      const reader = response.body.getReader();
      try {
        for (;;) {
          silence.start();
          const { value, done } = await reader
            .read()
            .catch((error: unknown) => {
              throw this.#failure(request, unanswered(silence, error));
            })
            .finally(() => silence.stop());
          if (done) return;
          await take(value);
        }
      } finally {
        // Nothing where all was read; else the rest need not come.
        await reader.cancel().catch(() => undefined);
      }
    };
    if (response.ok) return { status: response.status, headers: response.headers, each };
    const refusal = refusalIn(await readXml(await this.#textOf(request, each)));
    const region = response.headers.get('x-amz-bucket-region') ?? refusal.region;
    throw this.#failure(request, {
      status: response.status,
      ...refusal,
      code: response.status === 301 && refusal.code === '' ? 'PermanentRedirect' : refusal.code,
      ...(region !== '' && { region }),
    });
  }

  async #textOf(request: S3Request, each: Answer['each']): Promise<string> {
    let text = '';
    const decoder = new TextDecoder();
    await each((piece) => {
      text += decoder.decode(piece, { stream: true });
      if (text.length <= LONGEST_TEXT) return;
      const message = `the answer is longer than ${LONGEST_TEXT} characters`;
      throw this.#failure(request, { status: 200, code: '', message });
    });
    return text;
  }

  #urlOf({ key, query = {} }: S3Request): URL {
    const { endpoint, bucket } = this.place;
    const parts = [bucket, ...(key === undefined ? [] : key.split('/'))].map(escaped);
    const asked = Object.entries(query).map(([name, value]) => `${escaped(name)}=${escaped(value)}`);
    return new URL(`${endpoint.origin}/${parts.join('/')}${asked.length > 0 ? `?${asked.join('&')}` : ''}`);
  }

  #failure({ method, key = '' }: S3Request, answer: Parameters<typeof s3Failure>[0]): S3Failure {
    const { endpoint, bucket } = this.place;
    return s3Failure(answer, { endpoint: endpoint.origin, bucket, request: `${method} ${key}`.trim() });
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body, piece by piece. */
  each(take: (piece: Uint8Array) => Promise<void> | void): Promise<void>;
}

/** Ends a request that says nothing for too long. */
class Silence {
  readonly #over = new AbortController();
  readonly #patienceMs: number;
  #timer: Timer | undefined;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get words(): string {
    return `it said nothing for ${Math.ceil(this.#patienceMs / 1_000)} seconds`;
  }

  /** `moreMs` for what has to be sent first. */
  start(moreMs = 0): void {
    this.#timer = setTimeout(() => this.#over.abort(), this.#patienceMs + moreMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function unanswered(silence: Silence, error: unknown): { status: 0; code: ''; message: string } {
  const said = error instanceof Error ? error.message : String(error);
  return { status: 0, code: '', message: silence.signal.aborted ? silence.words : said };
}
