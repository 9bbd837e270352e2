import type { ByteRange, ByteStream, Checksum, CommittedBlob, Digest } from '../core/blob.ts';
import type { FileRef } from '../core/catalog.ts';
import { type Download, HELD_BYTES } from '../core/downloads.ts';
import type { FetchedVersion, ListedFileOrPath } from '../core/format.ts';
import type { CacheState, OpenedFile } from '../core/repo.ts';
import type { UpstreamFound } from '../core/upstream.ts';
import { Hashing } from '../lib/hashing.ts';
import { replayed, taken } from './replayed.ts';
import type { RemoteParts } from './remote-parts.ts';
import type { Unkept } from './unkept-copies.ts';
import { requireChecksums, strongest } from './verified.ts';

/** Bytes of a file that is answered from memory before it is kept. */
const SHORT = 256 * 1024;
/** For how long all of one is waited for, where others have its beginning sooner. */
const PATIENCE_MS = 50;
/** What nobody can make other bytes for. */
const STRONG = new Set(['sha256', 'sha512']);

/** A file as its upstream sent it, right and let in, and not on the disk yet. */
export interface UnkeptFile extends Unkept {
  readonly file: FileRef;
  readonly digest: Digest;
  /** Besides sha256. */
  readonly checksums: readonly Checksum[];
  readonly validatedAt: number;
}

/** That a file was let in, and as what. */
export interface LetIn {
  readonly adopted: FetchedVersion | undefined;
  /** When the upstream sent it, in milliseconds since the epoch. */
  readonly at: number;
}

/** How files are fetched otherwise. */
interface ShortFilesSteps {
  open(ref: FileRef, located: ListedFileOrPath): Promise<UpstreamFound>;
  /** Fetches it into the store; `first` is what the upstream has answered already. */
  download(
    ref: FileRef,
    located: ListedFileOrPath,
    first: UpstreamFound,
    letIn?: LetIn,
  ): Promise<Download | undefined>;
  /** Throws why it is not let in. */
  judge(
    ref: FileRef,
    located: ListedFileOrPath,
    blob: CommittedBlob,
    headers: Headers,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<FetchedVersion | undefined>;
}

type Parts = Pick<
  RemoteParts,
  | 'company'
  | 'copies'
  | 'downloads'
  | 'format'
  | 'keepsLater'
  | 'memory'
  | 'now'
  | 'repositoryId'
  | 'unnoticed'
>;

/**
 * Short files that are known by their checksums: answered from memory as soon as they are right, and kept behind the answer. Whatever
 * is not as it should be goes the way of all others, from what the upstream has sent of it.
 */
export class ShortFiles {
  readonly #parts: Parts;
  readonly #steps: ShortFilesSteps;

  constructor(parts: Parts, steps: ShortFilesSteps) {
    this.#parts = parts;
    this.#steps = steps;
  }

  /** Whether a file may turn out to be one, and nobody is fetching it otherwise. */
  maybe(ref: FileRef, { checksums }: ListedFileOrPath): boolean {
    const { downloads, keepsLater, memory, repositoryId } = this.#parts;
    if (!keepsLater || ref.freshness !== 'immutable' || ref.tag !== undefined) return false;
    if (!STRONG.has(strongest(checksums)[0]?.algorithm ?? '')) return false;
    if (ref.contentType === undefined || !memory.unkeptFiles.hasRoom(SHORT)) return false;
    return !downloads.isUnderWay({ repositoryId, what: `file ${ref.path}` });
  }

  /** One that is not kept yet. */
  find(ref: FileRef): UnkeptFile | undefined {
    const { copies, memory, repositoryId } = this.#parts;
    return memory.unkeptFiles.find(this.#id(ref), copies.purges(repositoryId));
  }

  /** Once for all who ask. Answers the download where it turns out to be a file like any other. */
  fetch(ref: FileRef, located: ListedFileOrPath): Promise<UnkeptFile | Download | undefined> {
    return this.#parts.memory.once(`short ${this.#id(ref)}`, () => this.#fetch(ref, located));
  }

  opened(
    ref: FileRef,
    { file, bytes, digest, checksums, ...unkept }: UnkeptFile,
    outcome: 'hit' | 'miss',
  ): OpenedFile {
    const cache: CacheState = { outcome, validatedAt: unkept.validatedAt };
    return {
      file,
      size: bytes.byteLength,
      digest,
      ...(checksums.length > 0 && { checksums }),
      cache,
      open: (range?: ByteRange) => (range ? bytes.subarray(range.start, range.end + 1) : bytes),
      kept: () => this.#parts.memory.unkeptFiles.settled(this.#id(ref)),
    };
  }

  async #fetch(ref: FileRef, located: ListedFileOrPath): Promise<UnkeptFile | Download | undefined> {
    const { copies, repositoryId } = this.#parts;
    const purges = copies.purges(repositoryId);
    const answer = await this.#steps.open(ref, located);
    if (answer.size === undefined || answer.size > SHORT) return this.#steps.download(ref, located, answer);
    // Nobody has the beginning of what is held back until it is right.
    const patience = answer.size <= HELD_BYTES ? undefined : PATIENCE_MS;
    const came = await taken(answer.body, answer.size, patience);
    const bytes = came.isWhole ? new Uint8Array(Buffer.concat(came.pieces)) : undefined;
    const right = bytes && (await this.#right(ref, located, answer, bytes).catch(() => undefined));
    if (!right) return this.#steps.download(ref, located, { ...answer, body: replayed(came) });
    const { digest, checksums, letIn } = right;
    const file = {
      file: letIn.adopted?.file ?? ref,
      bytes,
      digest,
      checksums,
      validatedAt: letIn.at,
      purges,
    };
    await this.#keepLater(ref, file, () => {
      const body: ByteStream = new Blob([bytes]).stream();
      return this.#steps.download(ref, located, { ...answer, body }, letIn);
    });
    return file;
  }

  /** Rejects for what is not right, or not let in. */
  async #right(
    ref: FileRef,
    located: ListedFileOrPath,
    { headers }: UpstreamFound,
    bytes: Uint8Array<ArrayBuffer>,
  ) {
    const { format, now } = this.#parts;
    const expected = strongest(located.checksums);
    const hashing = new Hashing([
      ...expected.map(({ algorithm }) => algorithm),
      ...(format.algorithms ?? []),
    ]);
    hashing.update(bytes);
    const { digest, checksums } = hashing.finish();
    requireChecksums(expected, checksums);
    const blob = { digest, size: bytes.byteLength, generation: '', checksums };
    const adopted = await this.#steps.judge(ref, located, blob, headers, bytes);
    const others = checksums.filter(({ algorithm }) => algorithm !== 'sha256');
    return { digest, checksums: others, letIn: { adopted, at: now() } };
  }

  #keepLater(ref: FileRef, file: UnkeptFile, keep: () => Promise<Download | undefined>): Promise<void> {
    const { company, copies, memory, repositoryId, unnoticed } = this.#parts;
    const work = async (): Promise<void> => {
      // What all copies were forgotten with is not to come back.
      if (copies.purges(repositoryId) !== file.purges) return;
      await (
        await keep()
      )?.kept;
    };
    return memory.unkeptFiles.add(this.#id(ref), file, () =>
      company.add(() => work().catch(unnoticed), file.bytes.byteLength),
    );
  }

  #id({ path }: FileRef): string {
    return `${this.#parts.repositoryId} file ${path}`;
  }
}
