import type { ByteStream, Expectation } from '../core/blob.ts';
import type { Fetching } from '../core/downloads.ts';
import type { UpstreamFound } from '../core/upstream.ts';
import { bodyOf } from './contracts/bodies.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type From = Parameters<Fetching['open']>[0];

/** One answer of a scripted upstream. */
export interface Scripted {
  /** What comes of it, in chunks of 16 KiB, or as the test gives it. */
  readonly body: Bytes | ByteStream;
  /** What it breaks off with in the end. */
  readonly failure?: Error;
  /** What it says it is of the whole. */
  readonly offset?: number;
  /** What it says that the whole has; `unknown` where it says nothing. The length of bytes where this is not said. */
  readonly size?: number | 'unknown';
  readonly headers?: Readonly<Record<string, string>>;
}

const CHUNK = 16 * 1024;

export const chunksOf = (bytes: Bytes, size = CHUNK): readonly Bytes[] =>
  Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, n) => bytes.slice(n * size, (n + 1) * size));

/** Answers each time it is asked with the next of its script, and keeps a record. */
export class ScriptedUpstream {
  readonly asked: From[] = [];
  readonly #script: (Scripted | Error)[];

  constructor(...script: readonly (Scripted | Error)[]) {
    this.#script = [...script];
  }

  readonly open = async (from?: From): Promise<UpstreamFound> => {
    this.asked.push(from);
    const next = this.#script.shift();
    if (!next) throw new Error('the upstream was asked more often than the test expects');
    if (next instanceof Error) throw next;
    const { body, failure, offset = 0, headers = {} } = next;
    const size = next.size ?? (body instanceof Uint8Array ? body.byteLength + offset : 'unknown');
    return {
      kind: 'found',
      headers: new Headers(headers),
      body: body instanceof Uint8Array ? bodyOf(chunksOf(body), failure) : body,
      offset,
      url: new URL('http://upstream.invalid/'),
      ...(size !== 'unknown' && { size }),
    };
  };
}

/** A body that comes when the test says so. */
export function tap(): {
  readonly body: ByteStream;
  readonly give: (bytes: Bytes) => void;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
  /** Settles when its reader has had enough. */
  readonly cancelled: Promise<void>;
} {
  const cancelled = Promise.withResolvers<void>();
  let out: ReadableStreamDefaultController<Bytes> | undefined;
  const body = new ReadableStream<Bytes>({
    start(controller) {
      out = controller;
    },
    cancel: () => cancelled.resolve(),
  });
  return {
    body,
    give: (bytes) => out?.enqueue(bytes),
    end: () => out?.close(),
    fail: (error) => out?.error(error),
    cancelled: cancelled.promise,
  };
}

export const sha256 = (bytes: Uint8Array): string =>
  new Bun.CryptoHasher('sha256').update(bytes).digest('hex');

export const expecting = (bytes: Uint8Array): Expectation => ({
  checksums: [{ algorithm: 'sha256', hex: sha256(bytes) }],
});

/** What a reader got, and what its stream failed with, if it did. */
export async function readToEnd(stream: ByteStream | undefined) {
  const got: Uint8Array[] = [];
  try {
    for await (const piece of stream ?? []) got.push(piece.slice());
  } catch (failure) {
    return { bytes: joined(got), failure };
  }
  return { bytes: joined(got), failure: undefined };
}

const joined = (pieces: readonly Uint8Array[]): Bytes => new Uint8Array(Buffer.concat(pieces));
