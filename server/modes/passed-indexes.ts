import { notFound } from '../core/error.ts';
import type { IndexKey, IndexKind, IndexPart, IndexReader } from '../core/index-kind.ts';
import type { UpstreamRequest, Validators } from '../core/upstream.ts';
import type { CacheState } from '../core/repo.ts';
import { broken } from './freshness.ts';
import { type IndexBody, readIndex, receive, urlText } from './read-index.ts';
import type { ReadIndex } from './remote-memory.ts';
import type { RemoteParts } from './remote-parts.ts';
import type { SafetyGate } from './safety-gate.ts';
import { validatorsOf } from './validators.ts';

const MOST = 1_000;

/** Indexes of an upstream that is asked each time. What was read last is remembered in case it still holds. */
export class PassedIndexes implements IndexReader {
  readonly #parts: RemoteParts;
  readonly #gate: SafetyGate;
  readonly #copied: IndexReader;
  readonly #last = new Map<string, { readonly validators: Validators; readonly source: string }>();

  constructor(parts: RemoteParts, gate: SafetyGate, copied: IndexReader) {
    this.#parts = parts;
    this.#gate = gate;
    this.#copied = copied;
  }

  async index<T>(kind: IndexKind<T>, key: IndexKey): Promise<IndexPart<T>> {
    const { upstream } = kind;
    const target = upstream?.target(key, this.#parts.settings);
    if (!upstream || !target) return this.#copied.index(kind, key);
    const pkg = upstream.package?.(key);
    if (pkg !== undefined) this.#gate.requireName({ package: pkg });
    const { memory, repositoryId } = this.#parts;
    const request: UpstreamRequest = { ...target, maxBytes: upstream.maxBytes, compressed: true };
    const id = JSON.stringify([repositoryId, kind.name, target.target, key]);
    const absent = () => notFound('INDEX', { key: key.of });
    const read = (source: string, body: () => Promise<IndexBody>) =>
      memory
        .index(`${id} ${source}`, () => readIndex({ kind, upstream, key }, body))
        .catch((error: unknown) => {
          throw broken(error);
        });

    const last = this.#last.get(id);
    const index = await this.#asked(request, last?.validators, async (answer) => {
      if (answer === 'missing') throw absent();
      if (answer !== 'unchanged') {
        this.#remember(id, answer);
        return read(answer.source, async () => answer);
      }
      return read(last?.source ?? '', () =>
        this.#asked(request, undefined, async (whole) => {
          if (typeof whole === 'string') throw absent();
          return whole;
        }),
      );
    });
    return partOf(index, { outcome: 'asked', validatedAt: this.#parts.now() });
  }

  async #asked<R>(
    request: UpstreamRequest,
    validators: Validators | undefined,
    use: (answer: Received | 'unchanged' | 'missing') => Promise<R>,
  ): Promise<R> {
    const answer = await this.#parts.upstream.fetch({ ...request, ...(validators && { validators }) });
    if (answer.kind !== 'found') return use(answer.kind);
    const { bytes, digest } = await receive(answer.body, request.maxBytes).catch((error: unknown) => {
      throw broken(error);
    });
    return use({ bytes, source: digest, headers: answer.headers, url: urlText(answer.url) });
  }

  #remember(id: string, { headers, source }: Received): void {
    const validators = validatorsOf(headers);
    this.#last.delete(id);
    if (Object.keys(validators).length > 0) this.#last.set(id, { validators, source });
    const [oldest] = this.#last.keys();
    if (this.#last.size > MOST && oldest !== undefined) this.#last.delete(oldest);
  }
}

interface Received extends IndexBody {
  readonly source: string;
  readonly headers: Headers;
}

/** Without a source, so that nobody keeps what is made of it. */
const partOf = <T>(index: ReadIndex<T>, cache: CacheState): IndexPart<T> => ({
  value: async () => index.value,
  listing: async () => index.listing(),
  cache,
});
