import { once } from 'node:events';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import tar from 'tar-stream';
import type { ByteStream } from '../../core/blob.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import { type ArchiveLimits, excess } from '../../lib/archive-limits.ts';
import { handOver } from '../../lib/hand-over.ts';
import { parseJsonStrictly } from '../../lib/strict-json.ts';

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
 * folder, whatever that is called, and with nothing that could be put beside it. For any other, and past the limits, the
 * stream that is let through breaks off, and `contents` fails, with INVALID_ARGUMENT (TARBALL_INVALID, SIZE_LIMIT).
 */
export function lookInto(
  tarball: ByteStream,
  limits: TarballLimits = TARBALL_LIMITS,
): { readonly stream: ByteStream; readonly contents: Promise<TarballContents> } {
  const result = Promise.withResolvers<TarballContents>();
  // Who reads the stream learns of a failure there.
  result.promise.catch(() => {});
  const looking = handOver((copy) => contentsOf(copy, limits));
  async function* through(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      for await (const bytes of tarball) {
        await looking.write(bytes);
        yield bytes;
      }
      result.resolve(await looking.end());
    } catch (error) {
      result.reject(error);
      throw error;
    } finally {
      const left = new RegistryError('ABORTED', 'UPLOAD_ABORTED', 'nobody reads the tarball any more');
      await looking.fail(left);
      result.reject(left);
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

/** Reads all of it, and keeps its package.json only. */
async function contentsOf(tarball: ByteStream, limits: TarballLimits): Promise<TarballContents> {
  const archive = tar.extract();
  const entries = new Entries(limits);
  const reading = entries.read(archive);
  reading.catch(() => {});
  let broken: unknown;
  let [packed, inflated, between] = [0, 0, 0];
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const bytes of tarball) {
        packed += bytes.byteLength;
        yield bytes;
      }
    } catch (error) {
      broken = error;
      throw error;
    }
  }
  const source = Readable.from(counted());
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  source.once('error', (error) => gunzip.destroy(error));
  try {
    for await (const bytes of source.pipe(gunzip) as AsyncIterable<Uint8Array>) {
      inflated += bytes.byteLength;
      between = entries.takeProgress() ? 0 : between + bytes.byteLength;
      const why = excess(inflated, packed, limits);
      if (why !== undefined) throw tooLarge(why);
      if (between > limits.metadata) throw tooLarge(`more than ${limits.metadata} bytes of it are no file`);
      if (!archive.write(bytes)) await Promise.race([once(archive, 'drain'), reading]);
    }
    archive.end();
    await reading;
    return entries.finish();
  } catch (error) {
    if (broken !== undefined) throw broken;
    if (error instanceof RegistryError) throw error;
    throw refuse(
      `it is not a gzipped tar archive (${error instanceof Error ? error.message : 'unreadable'})`,
    );
  } finally {
    source.destroy();
    gunzip.destroy();
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
const refuse = (why: string): RegistryError => invalid('TARBALL_INVALID', `the tarball is not taken: ${why}`);
const tooLarge = (why: string): RegistryError =>
  new RegistryError('INVALID_ARGUMENT', 'SIZE_LIMIT', `the tarball is not taken: ${why}`);
