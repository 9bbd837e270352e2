import type { BlobStore, BlobWriter, CommittedBlob } from '../../core/blob.ts';
import type { Fetching } from '../../core/downloads.ts';
import { isNotFound, RegistryError } from '../../core/error.ts';
import type { UpstreamFound } from '../../core/upstream.ts';
import type { FollowedBytes } from './followed-bytes.ts';
import { upstreamBroken } from './upstream-broken.ts';
import { WatchedBody } from './watched-body.ts';

/** How often a body that breaks off is continued, or begun anew, if each time some of it comes. */
const MOST_CONTINUATIONS = 8;

interface TransferParts {
  readonly open: Fetching['open'];
  readonly blobs: Pick<BlobStore, 'begin' | 'follow'>;
  readonly bytes: FollowedBytes;
  /** Told where the bytes come, and again when they begin anew somewhere else. */
  readonly began: (answer: UpstreamFound, upload: string) => void;
}

export interface Transferred {
  readonly blob: CommittedBlob;
  /** Of the answer that the bytes are of. */
  readonly headers: Headers;
}

/** One body from an upstream into the store, through as many connections as it takes. */
export class Transfer {
  readonly #wanted: Fetching;
  readonly #parts: TransferParts;
  #writer: BlobWriter;
  /** The answer that the bytes in the writer began with. */
  #first: UpstreamFound;
  #body: WatchedBody | undefined;
  #stopped: { readonly cause: unknown } | undefined;

  /** `writer` is empty. The answer's body is this one's to end from here on. */
  constructor(wanted: Fetching, writer: BlobWriter, first: UpstreamFound, parts: TransferParts) {
    this.#wanted = wanted;
    this.#writer = writer;
    this.#first = first;
    this.#parts = parts;
  }

  static begin(
    { expected, algorithms = [], limit }: Fetching,
    blobs: Pick<BlobStore, 'begin'>,
  ): Promise<BlobWriter> {
    const checked = (expected.checksums ?? []).map(({ algorithm }) => algorithm);
    return blobs.begin({ algorithms: [...checked, ...algorithms], limit });
  }

  /** Answers when the bytes are durable and what they are expected to be; keeps none when it fails. */
  async run(): Promise<Transferred> {
    try {
      await this.#begin();
      await this.#take();
      return { blob: await this.#commit(), headers: this.#first.headers };
    } catch (error) {
      await this.#first.body.cancel(error).catch(() => undefined);
      await this.#writer.abort().catch(() => undefined);
      throw isNotFound(error) ? taken(error) : error;
    }
  }

  /** Makes `run` fail with `cause`, if it is not over. */
  stop(cause: unknown): void {
    this.#stopped ??= { cause };
    this.#body?.stop(cause);
  }

  async #take(): Promise<void> {
    let answer = this.#first;
    for (let continued = 0; ; continued += 1) {
      const before = this.#writer.offset;
      const broken = await this.#append(answer);
      const { size } = this.#first;
      const { offset } = this.#writer;
      if (!broken && (size === undefined || offset === size)) return;
      if (size !== undefined && offset > size)
        throw upstreamBroken(`the upstream sends more than the ${size} bytes that it announced`);
      const failure = broken?.cause ?? upstreamBroken('the upstream ended its answer too early');
      if (offset === before || offset === size || continued === MOST_CONTINUATIONS) throw failure;
      answer = await this.#continue(failure);
    }
  }

  async #append({ body }: UpstreamFound): Promise<{ readonly cause: unknown } | undefined> {
    const watched = new WatchedBody(body);
    this.#body = watched;
    if (this.#stopped) watched.stop(this.#stopped.cause);
    try {
      await this.#writer.append(watched.stream, this.#writer.offset, (length) =>
        this.#parts.bytes.grew(length),
      );
    } catch (error) {
      if (error !== watched.failure?.cause) throw error;
    }
    if (this.#stopped) throw this.#stopped.cause;
    return watched.failure;
  }

  /** Asks for what is missing. What the upstream sends from the start again goes into another upload. */
  async #continue(failure: unknown): Promise<UpstreamFound> {
    const { offset } = this.#writer;
    const { headers } = this.#first;
    const ifRange = headers.get('etag') ?? headers.get('last-modified') ?? undefined;
    const checked = ifRange !== undefined || (this.#wanted.expected.checksums ?? []).length > 0;
    const answer = await this.#parts.open(
      checked ? { offset, ...(ifRange !== undefined && { ifRange }) } : undefined,
    );
    const isRest = answer.offset === offset && answer.size === this.#first.size;
    if (isRest) return answer;
    if (answer.offset !== 0) {
      await answer.body.cancel(failure).catch(() => undefined);
      throw upstreamBroken('the upstream sends another part than the one that is missing', failure);
    }
    await this.#beginAnew(answer);
    return answer;
  }

  async #beginAnew(answer: UpstreamFound): Promise<void> {
    const before = this.#writer;
    this.#first = answer;
    this.#writer = await Transfer.begin(this.#wanted, this.#parts.blobs);
    await before.abort();
    await this.#begin();
  }

  async #begin(): Promise<void> {
    const { blobs, bytes, began } = this.#parts;
    refuseSize(this.#wanted, this.#first);
    const { id } = this.#writer;
    bytes.begin(await blobs.follow(id));
    bytes.expect(this.#first.size ?? this.#wanted.expected.size);
    began(this.#first, id);
  }

  async #commit(): Promise<CommittedBlob> {
    try {
      return await this.#writer.commit(this.#wanted.expected);
    } catch (error) {
      const theirs =
        error instanceof RegistryError && /^(?:DIGEST|SIZE)_INVALID$/.test(error.reason)
          ? upstreamBroken(`the upstream does not send what it should: ${error.message}`, error)
          : error;
      throw theirs;
    }
  }
}

/** Not that what was asked for is absent. */
const taken = (cause: unknown): RegistryError =>
  new RegistryError('UNAVAILABLE', 'FETCH_INTERRUPTED', 'the fetch was interrupted: ask again', {
    headers: { 'retry-after': '1' },
    cause,
  });

function refuseSize({ expected, limit }: Fetching, { size, offset }: UpstreamFound): void {
  if (offset !== 0) throw upstreamBroken('the upstream sends a part where all was asked for');
  if (size !== undefined && expected.size !== undefined && size !== expected.size)
    throw upstreamBroken(`the upstream has ${size} bytes where ${expected.size} are expected`);
  if ((size ?? 0) > limit)
    throw new RegistryError('INVALID_ARGUMENT', 'SIZE_LIMIT', `more than ${limit} bytes`, {
      details: { limit: String(limit) },
    });
}
