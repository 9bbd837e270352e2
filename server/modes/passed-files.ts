import type { Body, ByteRange, ByteStream, CommittedBlob } from '../core/blob.ts';
import type { FileRef } from '../core/catalog.ts';
import { notFound } from '../core/error.ts';
import type { ListedFileOrPath } from '../core/format.ts';
import type { IndexReader } from '../core/index-kind.ts';
import type { CacheState, FilePart, OpenedFile } from '../core/repo.ts';
import { NO_LIMIT, type UpstreamFound } from '../core/upstream.ts';
import { Hashing } from '../lib/hashing.ts';
import { readWhole } from '../lib/read-whole.ts';
import { askForFile } from './ask-for-file.ts';
import { broken } from './freshness.ts';
import { locateFile } from './locate-file.ts';
import type { RemoteParts } from './remote-parts.ts';
import { fetchWhole, requireFound } from './require-found.ts';
import type { SafetyGate } from './safety-gate.ts';
import { subjectOf } from './safety-subject.ts';
import { Sightings } from './sightings.ts';
import { promised, verified } from './verified.ts';

/** Nobody asks for a body so long after its headers. */
const UNWANTED_MS = 5_000;

/** Files of an upstream, passed on and kept nowhere. Only what they were is noted, where a rule asks for that. */
export class PassedFiles {
  readonly #parts: RemoteParts;
  readonly #gate: SafetyGate;
  readonly #sightings: Sightings;
  readonly #indexes: IndexReader;

  constructor(parts: RemoteParts, gate: SafetyGate, indexes: IndexReader) {
    this.#parts = parts;
    this.#gate = gate;
    this.#sightings = new Sightings(parts, gate);
    this.#indexes = indexes;
  }

  async file(ref: FileRef, part: FilePart = 'all'): Promise<OpenedFile> {
    const { format } = this.#parts;
    this.#gate.requireName(subjectOf(format, ref));
    const located = await locateFile(ref, this.#parts, this.#gate, this.#indexes);
    await this.#sightings.requireListed(ref, located, async () => {
      await (await this.#ask(ref, located, NO_LIMIT)).body.cancel();
    });
    if (ref.contentType === undefined) return this.#whole(ref, located);
    return part === 'all' ? this.#streamed(ref, located) : this.#asked(ref, located);
  }

  /** For somebody who wants to know whether it is there, and how large. */
  async #asked(ref: FileRef, located: ListedFileOrPath): Promise<OpenedFile> {
    const { size, body } = await this.#ask(ref, located, NO_LIMIT, 'HEAD');
    await body.cancel();
    const open = async (range?: ByteRange): Promise<Body> => (await this.#streamed(ref, located)).open(range);
    return { file: ref, size, digest: promised(located.checksums), cache: this.#asNow(), open };
  }

  async #streamed(ref: FileRef, located: ListedFileOrPath): Promise<OpenedFile> {
    const { size, body, headers } = await this.#ask(ref, located, NO_LIMIT);
    let said = headers;
    let waiting: ByteStream | undefined = body;
    const unwanted = setTimeout(() => {
      void waiting?.cancel();
      waiting = undefined;
    }, UNWANTED_MS);
    return {
      file: ref,
      size,
      digest: promised(located.checksums),
      cache: this.#asNow(),
      open: async (range) => {
        clearTimeout(unwanted);
        let bytes = waiting;
        waiting = undefined;
        if (!bytes) ({ body: bytes, headers: said } = await this.#ask(ref, located, NO_LIMIT));
        const checksums = [...located.checksums, ...(this.#parts.format.promised?.(said) ?? [])];
        return verified(bytes, checksums, {
          ...(range && { range }),
          admit: (digest) => this.#sightings.admit(ref, digest, located),
        });
      },
    };
  }

  /** What it is only its content tells. */
  async #whole(ref: FileRef, located: ListedFileOrPath): Promise<OpenedFile> {
    const { format } = this.#parts;
    const answer = await this.#ask(ref, located, format.wholeUpTo);
    try {
      const body = verified(answer.body, located.checksums, {
        admit: (digest) => this.#sightings.admit(ref, digest, located),
      });
      const bytes = await readWhole(body, format.wholeUpTo, ref.path);
      const blob = described(bytes);
      const adopted = await format.adopt(
        {
          ref,
          blob,
          headers: answer.headers,
          read: async () => bytes,
          open: async (range) => part(bytes, range),
          beside: (target, limit) => fetchWhole(this.#parts.upstream, target, limit),
        },
        this.#indexes,
        this.#parts.settings,
      );
      const named = adopted && { package: adopted.package, version: adopted.version };
      return {
        // What it is called by its content never changes; what was asked for may.
        file: {
          ...(adopted?.file ?? ref),
          freshness: ref.freshness,
          ...(named && { coordinates: named }),
        },
        size: blob.size,
        digest: blob.digest,
        cache: this.#asNow(),
        open: async (range): Promise<Body> => part(bytes, range),
      };
    } catch (error) {
      throw broken(error);
    }
  }

  #asNow(): CacheState {
    return { outcome: 'asked', validatedAt: this.#parts.now() };
  }

  async #ask(
    ref: FileRef,
    { target, headers }: ListedFileOrPath,
    maxBytes: number,
    method: 'GET' | 'HEAD' = 'GET',
  ): Promise<UpstreamFound> {
    const request = { target, method, maxBytes, ...(headers && { headers }) };
    const answer = await askForFile(this.#parts, ref, request);
    return requireFound(answer, () => notFound('FILE', { path: ref.path }));
  }
}

const part = (bytes: Uint8Array<ArrayBuffer>, range: ByteRange | undefined): Uint8Array<ArrayBuffer> =>
  range ? bytes.subarray(range.start, range.end + 1) : bytes;

function described(bytes: Uint8Array<ArrayBuffer>): CommittedBlob {
  const hashing = new Hashing();
  hashing.update(bytes);
  const { digest, checksums } = hashing.finish();
  return { digest, size: bytes.byteLength, generation: '', checksums };
}
