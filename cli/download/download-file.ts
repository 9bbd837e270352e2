import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import type { Client, File, Named } from '../../contract/client.ts';
import { CliError } from '../exit.ts';
import { sha256Of } from '../file-hash.ts';
import { isRefusal } from '../refusal.ts';
import { FinishedParts } from './finished-parts.ts';

interface Download {
  readonly client: Client;
  readonly file: Named<File>;
  /** Where it goes. Nothing is there until all of it is, and it is right. */
  readonly path: string;
  /** Parts fetched at once. */
  readonly parallelism: number;
  /** Bytes that arrived so far. */
  readonly report: (bytes: number, total: number) => void;
  /** Ends the download; nothing of it stays, unless it may be resumed. */
  readonly signal: AbortSignal;
  /** Bytes of a part. */
  readonly part?: number;
  /** Whether what came of an interrupted download is kept beside the file, and the next one goes on with it. */
  readonly resume?: boolean;
}

const PART = 16 * 2 ** 20;
const ATTEMPTS = 4;

/** Fetches a file in parts, checks it against the server's SHA-256 and puts it in place. Answers its size in bytes. */
export async function downloadFile({
  client,
  file,
  path,
  parallelism,
  report,
  signal,
  part: partSize = PART,
  resume = false,
}: Download): Promise<number> {
  const size = Number(file.sizeBytes ?? 0);
  const digest = promisedDigest(file);
  const draft = `${path}.${resume ? Buffer.from(digest, 'base64').toString('hex').slice(0, 16) : randomUUID()}.part`;
  const finished = resume ? await FinishedParts.of(draft, partSize) : undefined;
  let [arrived, kept] = [0, false];
  const count = (bytes: number): void => report((arrived += bytes), size);
  try {
    await using out = await open(draft, finished?.any ? 'r+' : resume ? 'w+' : 'wx+');
    const parts = partsOf(size, partSize).filter((part) => {
      if (!finished?.has(part.first)) return true;
      arrived += part.last - part.first + 1;
      return false;
    });
    report(arrived, size);
    const failed = new AbortController();
    const stop = AbortSignal.any([failed.signal, signal]);
    const worker = async (): Promise<void> => {
      for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
        await fetchPart(client, file.name, part, out, count, stop);
        await finished?.add(part.first, out);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(parallelism, parts.length) }, worker));
    } catch (thrown) {
      failed.abort();
      kept = resume && !(thrown instanceof CliError && thrown.exit === 'integrity');
      throw signal.aborted ? new CliError('cancelled', 'the download was interrupted') : thrown;
    }
    if ((await sha256Of(out, 'base64')) !== digest)
      throw new CliError(
        'integrity',
        `what arrived of ${file.name} is not what the server promised; try again`,
      );
    await out.sync();
    await rename(draft, path);
    await finished?.forget();
  } catch (thrown) {
    if (kept) throw thrown;
    await rm(draft, { force: true });
    await finished?.forget();
    throw thrown;
  }
  return size;
}

interface Part {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
}

function partsOf(size: number, length: number): Part[] {
  const parts: Part[] = [];
  for (let first = 0; first < size; first += length)
    parts.push({ first, last: Math.min(first + length, size) - 1 });
  return parts;
}

/** Goes on where a broken connection stopped, a few times. */
async function fetchPart(
  client: Client,
  name: string,
  { first, last }: Part,
  out: FileHandle,
  count: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let at = first;
  for (let attempt = 1; at <= last; attempt += 1) {
    try {
      const response = await client.files.download(name, { range: { first: at, last }, signal });
      if (response.status !== 206 && at !== 0)
        throw new CliError('failed', `the server sends ${name} only as a whole; use --parallelism=1`);
      for await (const chunk of response.body ?? []) {
        signal.throwIfAborted();
        if (at + chunk.byteLength - 1 > last) throw tooLong(name);
        await out.write(chunk, 0, chunk.byteLength, at);
        at += chunk.byteLength;
        count(chunk.byteLength);
      }
      if (at <= last) throw new Error(`the connection ended ${last + 1 - at} bytes early`);
    } catch (thrown) {
      const final = thrown instanceof CliError || signal.aborted || attempt === ATTEMPTS || isRefusal(thrown);
      if (final) throw thrown;
    }
  }
}

const tooLong = (name: string): CliError =>
  new CliError('integrity', `${name} is longer than the server said`);

/** The promised digest, base64. */
function promisedDigest({ name, hashes = [] }: Named<File>): string {
  const value = hashes.find(({ type }) => type === 'SHA256')?.value;
  if (value !== undefined) return value;
  throw new CliError(
    'integrity',
    `the server gives no SHA-256 of ${name}, so a download could not be checked`,
  );
}
