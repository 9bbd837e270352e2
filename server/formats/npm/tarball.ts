import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import type tar from 'tar-stream';
import type { ByteStream } from '../../core/blob.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import { type ArchiveLimits, excess } from '../../lib/archive-limits.ts';
import { handOver, type HandingOver } from '../../lib/hand-over.ts';
import { parseJsonStrictly } from '../../lib/strict-json.ts';
import { readTar, wrongHeaders } from '../../lib/tar-archive.ts';

export interface TarballLimits extends ArchiveLimits {
  /** Bytes of a package.json, and of what stands between two entries. */
  readonly metadata: number;
}

const MIB = 1024 * 1024;
export const TARBALL_LIMITS: TarballLimits = {
  entries: 100_000,
  metadata: 16 * MIB,
  inflated: 1024 * MIB,
  ratio: 200,
  ratioAbove: 32 * MIB,
};

/** Bytes of an archive that are kept until it ended, and of what is inflated in place then: a few milliseconds' work. */
const SMALL = { packed: 256 * 1024, inflated: 2 * MIB };
const CHUNK = 64 * 1024;

/** What a package's archive says of the package. */
export interface TarballContents {
  readonly packageJson: Readonly<Record<string, unknown>>;
  /** Whether native code is built when it is installed, unless its scripts say otherwise. */
  readonly hasBindingGyp: boolean;
  readonly hasReadme: boolean;
  readonly fileCount: number;
  /** Bytes. */
  readonly unpackedSize: number;
}

/**
 * Lets a tarball through to whoever reads it and looks into it meanwhile: a gzipped tar with a package.json in its one top
 * folder, whatever that is called, and with nothing that could be put beside it. For any other, and past the limits,
 * `contents` fails with INVALID_ARGUMENT (TARBALL_INVALID, SIZE_LIMIT), and the stream that is let through breaks off, or, where
 * it is small, has ended: that is looked into while the disk is at work on it.
 */
export function lookInto(
  tarball: ByteStream,
  limits: TarballLimits = TARBALL_LIMITS,
): { readonly stream: ByteStream; readonly contents: Promise<TarballContents> } {
  const result = Promise.withResolvers<TarballContents>();
  // Who reads the stream learns of a failure there.
  result.promise.catch(() => {});
  const looking = new Looking(limits);
  let over = false;
  async function* through(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      for await (const bytes of tarball) {
        await looking.see(bytes);
        yield bytes;
      }
      if (looking.isSmall) void looking.afterwards().then(result.resolve, result.reject);
      else result.resolve(await looking.end());
      over = true;
    } catch (error) {
      over = true;
      await looking.fail(error);
      result.reject(error);
      throw error;
    } finally {
      if (!over) {
        const left = new RegistryError('ABORTED', 'UPLOAD_ABORTED', 'nobody reads the tarball any more');
        await looking.fail(left);
        result.reject(left);
      }
    }
  }
  const pieces = through();
  const stream: ByteStream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const next = await pieces.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, contents: result.promise };
}

/** Looks into a tarball as it comes, or after its end where it is small: then in one go and without other threads. */
class Looking {
  readonly #limits: TarballLimits;
  #small: Uint8Array<ArrayBuffer>[] = [];
  #size = 0;
  #inflating: HandingOver<TarballContents> | undefined;

  constructor(limits: TarballLimits) {
    this.#limits = limits;
  }

  /** Whether all that came so far is kept. */
  get isSmall(): boolean {
    return this.#inflating === undefined;
  }

  async see(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#size += bytes.byteLength;
    if (this.#inflating) return this.#inflating.write(bytes);
    this.#small.push(bytes);
    if (this.#size > SMALL.packed) await this.#inflate();
  }

  async end(): Promise<TarballContents> {
    return (await this.#inflate()).end();
  }

  /** In a later turn, when whoever reads the stream has set the disk to work. */
  async afterwards(): Promise<TarballContents> {
    await setImmediate();
    const inflated = inflatedAtOnce(this.#small);
    return inflated ? contentsOf(inflated, this.#limits) : this.end();
  }

  async fail(error: unknown): Promise<void> {
    await this.#inflating?.fail(error);
  }

  async #inflate(): Promise<HandingOver<TarballContents>> {
    const inflating = (this.#inflating ??= handOver((copy) =>
      contentsOf(inflatedPieces(copy), this.#limits),
    ));
    for (const bytes of this.#small.splice(0)) await inflating.write(bytes);
    return inflating;
  }
}

/** A part of what an archive is inflated to, and how much of the archive it took so far. */
interface Inflated {
  readonly bytes: Uint8Array;
  readonly packed: number;
}

/** Nothing where that is not little, or is no archive, of which the other way says more. */
function inflatedAtOnce(pieces: readonly Uint8Array[]): readonly Inflated[] | undefined {
  const whole = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  let inflated: Buffer;
  try {
    inflated = gunzipSync(whole, { maxOutputLength: SMALL.inflated, chunkSize: CHUNK });
  } catch {
    return undefined;
  }
  const count = Math.ceil(inflated.byteLength / CHUNK);
  const chunk = (at: number) => inflated.subarray(at * CHUNK, (at + 1) * CHUNK);
  return Array.from({ length: count }, (_, at) => ({ bytes: chunk(at), packed: whole.byteLength }));
}

/** In another thread. Fails as the archive does where that breaks off. */
async function* inflatedPieces(tarball: ByteStream): AsyncGenerator<Inflated> {
  let broken: { readonly cause: unknown } | undefined;
  let packed = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const bytes of tarball) {
        packed += bytes.byteLength;
        yield bytes;
      }
    } catch (cause) {
      broken = { cause };
      throw cause;
    }
  }
  const source = Readable.from(counted());
  const gunzip = createGunzip({ chunkSize: CHUNK });
  source.once('error', (error) => gunzip.destroy(error));
  try {
    for await (const bytes of source.pipe(gunzip) as AsyncIterable<Uint8Array>) yield { bytes, packed };
  } catch (error) {
    throw broken ? broken.cause : noArchive(error);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** Reads all of it, and keeps its package.json only. */
async function contentsOf(
  inflating: Iterable<Inflated> | AsyncIterable<Inflated>,
  limits: TarballLimits,
): Promise<TarballContents> {
  const archive = readTar();
  const entries = new Entries(limits);
  const reading = entries.read(archive).catch((error: unknown) => {
    throw error instanceof RegistryError ? error : noArchive(error);
  });
  reading.catch(() => {});
  let [inflated, between] = [0, 0];
  try {
    for await (const { bytes, packed } of inflating) {
      inflated += bytes.byteLength;
      between = entries.takeProgress() ? 0 : between + bytes.byteLength;
      const why = excess(inflated, packed, limits);
      if (why !== undefined) throw tooLarge(why);
      if (between > limits.metadata) throw tooLarge(`more than ${limits.metadata} bytes of it are no file`);
      if (!archive.write(bytes)) await Promise.race([once(archive, 'drain'), reading]);
      const wrong = wrongHeaders(archive);
      if (wrong !== undefined) throw tooLarge(wrong);
    }
    archive.end();
    await reading;
    return entries.finish();
  } finally {
    archive.destroy();
  }
}

class Entries {
  readonly #limits: TarballLimits;
  #packageJson: Uint8Array | undefined;
  #packageJsons = 0;
  #hasBindingGyp = false;
  #hasReadme = false;
  #count = 0;
  #fileCount = 0;
  #unpackedSize = 0;
  #progress = false;

  constructor(limits: TarballLimits) {
    this.#limits = limits;
  }

  /** Whether anything came of entries since it was asked last. */
  takeProgress(): boolean {
    const progress = this.#progress;
    this.#progress = false;
    return progress;
  }

  async read(archive: tar.Extract): Promise<void> {
    for await (const entry of archive) {
      this.#progress = true;
      this.#count += 1;
      if (this.#count > this.#limits.entries)
        throw tooLarge(`it has more than ${this.#limits.entries} entries`);
      const inside = pathInside(entry.header.name);
      const isFile = entry.header.type === 'file' || entry.header.type === 'contiguous-file';
      if (!isFile && entry.header.type !== 'directory')
        throw refuse(
          `${shown(entry.header.name)} is a ${entry.header.type}: only files and folders are taken`,
        );
      // Where file names have no case, the other one is the same file.
      if (inside.toLowerCase() === 'package.json' && ++this.#packageJsons > 1)
        throw refuse('it has more than one package.json in its top folder');
      const kept = isFile && inside === 'package.json' ? [] : undefined;
      await this.#readEntry(entry, kept);
      if (isFile) this.#note(inside, entry.header.size ?? 0);
      if (kept) this.#packageJson = Buffer.concat(kept);
    }
  }

  finish(): TarballContents {
    if (!this.#packageJson) throw refuse('it has no package.json in its top folder');
    return {
      packageJson: parse(this.#packageJson),
      hasBindingGyp: this.#hasBindingGyp,
      hasReadme: this.#hasReadme,
      fileCount: this.#fileCount,
      unpackedSize: this.#unpackedSize,
    };
  }

  async #readEntry(entry: tar.Entry, kept: Uint8Array[] | undefined): Promise<void> {
    if (kept && (entry.header.size ?? 0) > this.#limits.metadata)
      throw tooLarge(`its package.json is larger than ${this.#limits.metadata} bytes`);
    for await (const bytes of entry as AsyncIterable<Uint8Array>) {
      this.#progress = true;
      kept?.push(bytes.slice());
    }
  }

  #note(inside: string, size: number): void {
    this.#fileCount += 1;
    this.#unpackedSize += size;
    if (inside === 'binding.gyp') this.#hasBindingGyp = true;
    if (/^readme(?:\.[^/]*)?$/i.test(inside)) this.#hasReadme = true;
  }
}

/** Below the top folder, which clients leave out. Refuses what would be anywhere else than it says. */
function pathInside(name: string): string {
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..') || /[\\\0]/.test(path))
    throw refuse(`${shown(name)} is not a path below a top folder`);
  return parts.slice(1).join('/');
}

function parse(bytes: Uint8Array): TarballContents['packageJson'] {
  let value: unknown;
  try {
    value = parseJsonStrictly(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw refuse(`its package.json is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse('its package.json is not an object');
  return value as TarballContents['packageJson'];
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 200));
const noArchive = (error: unknown): RegistryError =>
  refuse(`it is not a gzipped tar archive (${error instanceof Error ? error.message : 'unreadable'})`);
const refuse = (why: string): RegistryError => invalid('TARBALL_INVALID', `the tarball is not taken: ${why}`);
const tooLarge = (why: string): RegistryError =>
  new RegistryError('INVALID_ARGUMENT', 'SIZE_LIMIT', `the tarball is not taken: ${why}`);
