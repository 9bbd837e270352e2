import type { ByteStream } from '../core/blob.ts';
import { RegistryError } from '../core/error.ts';
import type { Upstream, UpstreamAnswer, UpstreamHealth, UpstreamRequest } from '../core/upstream.ts';
import type { Bytes } from './oci.ts';
import { bytesOf } from './oci.ts';

export interface Script {
  readonly body: Bytes | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection breaks after so many bytes, and there is no rest to be had. */
  readonly breaksAt?: number;
  /** All but the first byte comes after this. */
  readonly rest?: Promise<void>;
}

/** Something wrong with every answer: thrown instead of it, or done to it. */
export type Trouble = RegistryError | ((answer: Script) => Script | 'missing');

/** An upstream without a network: it has what a test puts in, and keeps a record of what it was asked. */
export class ScriptedUpstream implements Upstream {
  readonly asked: UpstreamRequest[] = [];
  readonly #has = new Map<string, Script>();
  /** What goes wrong, until it is told otherwise. */
  trouble: Trouble | undefined;
  /** Waited for before each answer. */
  gate: Promise<void> = Promise.resolve();

  put(target: string, script: Script): void {
    this.#has.set(target, script);
  }

  remove(target: string): void {
    this.#has.delete(target);
  }

  async fetch(request: UpstreamRequest): Promise<UpstreamAnswer> {
    this.asked.push(request);
    await this.gate;
    const { trouble } = this;
    if (trouble instanceof RegistryError) throw trouble;
    const has = this.#has.get(request.target);
    const script = has && (trouble?.(has) ?? has);
    if (script === undefined || script === 'missing') return { kind: 'missing' };
    if (request.from && script.breaksAt !== undefined) return { kind: 'missing' };
    const headers = new Headers({ ...script.headers });
    const etag = headers.get('etag');
    if (etag !== null && etag === request.validators?.etag) return { kind: 'unchanged', headers };
    const bytes = request.method === 'HEAD' ? new Uint8Array() : bytesOf(script.body);
    return {
      kind: 'found',
      headers,
      body: bodyOf(bytes, script),
      size: bytesOf(script.body).byteLength,
      offset: 0,
      url: new URL(`https://upstream.example/${request.target}`),
    };
  }

  /** What was asked since the last time, as `METHOD target`. */
  take(): readonly string[] {
    return this.asked.splice(0).map(({ method = 'GET', target }) => `${method} ${target}`);
  }

  health(): UpstreamHealth {
    return { circuit: 'closed', failures: 0 };
  }
}

function bodyOf(bytes: Bytes, { breaksAt, rest }: Script): ByteStream {
  if (breaksAt !== undefined) return broken(bytes.slice(0, breaksAt));
  return rest ? late(bytes, rest) : new Blob([bytes]).stream();
}

function late(bytes: Bytes, rest: Promise<void>): ByteStream {
  return new ReadableStream({
    async start(out) {
      out.enqueue(bytes.slice(0, 1));
      await rest;
      out.enqueue(bytes.slice(1));
      out.close();
    },
  });
}

function broken(bytes: Bytes): ByteStream {
  const pieces = [bytes];
  return new ReadableStream({
    pull(out) {
      const piece = pieces.shift();
      if (piece) out.enqueue(piece);
      else out.error(new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', 'the connection broke'));
    },
  });
}
