import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { DocumentAddress, StoredDocument } from '../core/documents.ts';
import { isNotFound, notFound, RegistryError } from '../core/error.ts';
import type {
  IndexKey,
  IndexKind,
  IndexPart,
  IndexReader,
  UpstreamIndex,
  UpstreamTarget,
} from '../core/index-kind.ts';
import type { CacheState } from '../core/repo.ts';
import type { UpstreamAnswer } from '../core/upstream.ts';
import { type Answered, broken, freshen } from './freshness.ts';
import { type IndexBody, readIndex, receive, urlText } from './read-index.ts';
import type { RemoteParts } from './remote-parts.ts';
import type { ReadIndex } from './remote-memory.ts';
import type { SafetyGate } from './safety-gate.ts';

type Found = Extract<UpstreamAnswer, { kind: 'found' }>;

const zipped = promisify(gzip);
const unzipped = promisify(gunzip);

/** An index of an upstream, and what is known of it here. */
interface Wanted<T> {
  readonly kind: IndexKind<T>;
  readonly upstream: UpstreamIndex<T>;
  readonly key: IndexKey;
  readonly target: UpstreamTarget;
  readonly at: DocumentAddress;
  /** Among what the upstream said. */
  readonly what: string;
}

/** Indexes of an upstream: kept as it sent them, and asked about again when they are too old. */
export class RemoteIndexes implements IndexReader {
  readonly #parts: RemoteParts;
  readonly #gate: SafetyGate;
  /** Answers from what was copied. */
  readonly #copied: IndexReader;

  constructor(parts: RemoteParts, gate: SafetyGate, copied: IndexReader) {
    this.#parts = parts;
    this.#gate = gate;
    this.#copied = copied;
  }

  /** As the upstream has it, whatever the rules say. */
  async index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    const { upstream } = kind;
    const target = upstream?.target(key);
    if (!upstream || !target) return this.#copied.index(kind, key);
    const pkg = upstream.package?.(key);
    if (pkg !== undefined) this.#gate.requireName({ package: pkg });
    const text = JSON.stringify([pkg ?? '', target.target]);
    const { repositoryId } = this.#parts;
    const at = { repositoryId, kind: kind.name, key: text, form: 'upstream' };
    const wanted = { kind, upstream, key, target, at, what: `index ${kind.name} ${text}` };
    try {
      const cache = await this.#freshened(wanted);
      const document = this.#parts.documents.find(at);
      if (!document)
        throw new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', 'the index did not stay; ask again');
      return this.#part(wanted, document, cache);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // What was copied of it before it went stays what it is.
      return this.#copied.index(kind, key);
    }
  }

  #freshened<T>(wanted: Wanted<T>): Promise<CacheState> {
    const { copies, documents, memory, now, repositoryId, settings, unnoticed } = this.#parts;
    const held = documents.find(wanted.at);
    const freshness = {
      held: held !== undefined,
      state: copies.state(repositoryId, wanted.what),
      maxAge: settings.indexMaxAge ?? wanted.upstream.maxAge,
      staleWhileRevalidate: settings.staleWhileRevalidate,
      now,
      unnoticed,
    };
    return freshen(freshness, () =>
      memory.once(`${repositoryId} ${wanted.what}`, () => this.#ask(wanted, held)),
    );
  }

  async #ask<T>(wanted: Wanted<T>, held: StoredDocument | undefined): Promise<Answered> {
    const { copies, memory, now, repositoryId, settings, upstream } = this.#parts;
    const { target, what } = wanted;
    const purges = copies.purges(repositoryId);
    const id = `${repositoryId} ${what}`;
    const absent = () => notFound('INDEX', { key: wanted.key.of });
    if (memory.isAbsent(id, { now: now(), purges })) throw absent();
    const state = copies.state(repositoryId, what);
    const answer = await upstream.fetch({
      ...target,
      maxBytes: wanted.upstream.maxBytes,
      compressed: true,
      ...(held && state && { validators: state }),
    });
    if (answer.kind === 'missing') {
      memory.noteAbsent(id, { until: now() + settings.notFoundMaxAge * 1_000, purges });
      throw absent();
    }
    const answered = answer.kind === 'unchanged' ? 'revalidated' : await this.#take(wanted, answer, held);
    const etag = answer.headers.get('etag') ?? (answer.kind === 'unchanged' ? state?.etag : undefined);
    const lastModified =
      answer.headers.get('last-modified') ?? (answer.kind === 'unchanged' ? state?.lastModified : undefined);
    await copies.validated(repositoryId, what, {
      validatedAt: now(),
      ...(etag && { etag }),
      ...(lastModified && { lastModified }),
    });
    return answered;
  }

  /** Reads what the upstream sent, and keeps it once that could be done. */
  async #take<T>(wanted: Wanted<T>, answer: Found, held: StoredDocument | undefined): Promise<Answered> {
    const { upstream, at } = wanted;
    const { bytes, digest } = await receive(answer.body, upstream.maxBytes);
    if (digest === held?.source) return 'revalidated';
    const url = urlText(answer.url);
    await this.#remembered(wanted, digest, async () => ({ bytes, url })).catch((error: unknown) => {
      throw broken(error);
    });
    const body = new Uint8Array(await zipped(bytes));
    const layout = {
      variant: url,
      contentType: answer.headers.get('content-type') ?? 'application/octet-stream',
      etag: digest,
      bodies: { gzip: [0, body.byteLength] as const },
    };
    await this.#parts.documents.keep(at, { source: digest, layouts: [layout] }, [body]);
    return 'miss';
  }

  /** The index, read at most once while it is remembered. */
  #remembered<T>(
    { kind, upstream, key, at }: Wanted<T>,
    source: string,
    bytes: () => Promise<IndexBody>,
  ): Promise<ReadIndex<T>> {
    const id = JSON.stringify([at.repositoryId, at.kind, at.key, key, source]);
    return this.#parts.memory.index(id, () => readIndex({ kind, upstream, key }, bytes));
  }

  #part<T>(wanted: Wanted<T>, document: StoredDocument, cache: CacheState): IndexPart<T> {
    const read = () => this.#remembered(wanted, document.source, () => this.#body(document));
    return {
      source: document.source,
      value: async () => (await read()).value,
      listing: async () => (await read()).listing(),
      cache,
    };
  }

  async #body({ blob, layouts }: StoredDocument): Promise<IndexBody> {
    const body = await this.#parts.bodies.open(blob);
    const bytes = new Uint8Array(await unzipped(await new Response(body).arrayBuffer()));
    return { bytes, url: layouts[0]?.variant ?? '' };
  }
}
