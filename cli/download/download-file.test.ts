import { describe, expect, it } from 'bun:test';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../contract/client.ts';
import { downloadFile } from './download-file.ts';
import { barLine } from './progress-bar.ts';

const MIB = 2 ** 20;
const NAME = 'projects/p/locations/us/repositories/r/files/f';
const CONTENT = Buffer.alloc(40 * MIB + 17);
for (let at = 0; at < CONTENT.length; at += 4096) CONTENT.writeUInt32LE(at, at);
const DIGEST = createHash('sha256').update(CONTENT).digest('base64');

type Serve = (first: number, last: number, count: number) => Response;
const part = (first: number, last: number): Response =>
  new Response(CONTENT.subarray(first, last + 1), { status: 206 });

/** Downloads from a server that answers ranges as `serve` says. */
async function downloaded(
  serve: Serve,
  file: object = {},
  parallelism = 3,
  signal = new AbortController().signal,
) {
  const directory = await mkdtemp(join(tmpdir(), 'entrepot-download-'));
  const path = join(directory, 'f');
  let count = 0;
  let reported = 0;
  const client = createClient({
    server: 'http://registry',
    fetch: async (request) => {
      const [, first = 0, last = 0] = /bytes=(\d+)-(\d+)/.exec(request.headers.get('range') ?? '') ?? [];
      return serve(Number(first), Number(last), (count += 1));
    },
  });
  const described = {
    name: NAME,
    sizeBytes: String(CONTENT.length),
    hashes: [{ type: 'SHA256' as const, value: DIGEST }],
    ...file,
  };
  const report = (bytes: number): void => {
    reported = bytes;
  };
  try {
    const size = await downloadFile({ client, file: described, path, parallelism, report, signal });
    return { size, reported, count, bytes: await readFile(path), left: await readdir(directory) };
  } catch (failure) {
    return { failure, count, left: await readdir(directory) };
  } finally {
    await rm(directory, { recursive: true });
  }
}

const breaking: Serve = (first, last, count) => part(first, count === 2 ? first + 5 * MIB : last);

describe('a download', () => {
  it('comes in parts and is put together', async () => {
    const { bytes, ...result } = await downloaded(part);

    expect(bytes?.equals(CONTENT)).toBe(true);
    expect(result).toEqual({ size: CONTENT.length, reported: CONTENT.length, count: 3, left: ['f'] });
  });

  it('of nothing is an empty file', async () => {
    const empty = {
      sizeBytes: '0',
      hashes: [{ type: 'SHA256', value: createHash('sha256').digest('base64') }],
    };

    expect(await downloaded(part, empty)).toMatchObject({ size: 0, count: 0, left: ['f'] });
  });

  it('goes on where a connection broke', async () => {
    const { bytes, count } = await downloaded(breaking);

    expect(bytes?.equals(CONTENT)).toBe(true);
    expect(count).toBe(4);
  });

  it.each([
    [
      'wrong bytes',
      (first: number, last: number) => new Response(Buffer.alloc(last - first + 1), { status: 206 }),
      'is not what the server promised',
    ],
    ['too many bytes', (first: number, last: number) => part(first, last + 1), 'longer than the server said'],
  ])('with %s leaves nothing behind', async (_, serve, words) => {
    const { failure, left } = await downloaded(serve);

    expect(failure).toMatchObject({ exit: 'integrity' });
    expect(String(failure)).toContain(words);
    expect(left).toEqual([]);
  });

  it('is given up after a few broken connections, and after the first refusal', async () => {
    const broken = await downloaded((first) => part(first, first - 1), {}, 1);
    const refused = await downloaded(
      () => Response.json({ error: { status: 'NOT_FOUND', message: 'gone' } }, { status: 404 }),
      {},
      1,
    );

    expect(broken).toMatchObject({ count: 4, left: [] });
    expect(refused).toMatchObject({ count: 1, left: [] });
    expect(String(refused.failure)).toContain('gone');
  });

  it('that is interrupted leaves nothing behind', async () => {
    const person = new AbortController();
    const stopping: Serve = (first, last, count) => {
      if (count === 2) person.abort();
      return part(first, last);
    };

    const { failure, left } = await downloaded(stopping, {}, 1, person.signal);

    expect(failure).toMatchObject({ exit: 'cancelled' });
    expect(left).toEqual([]);
  });

  it('is refused where it could not be checked', async () => {
    const { failure, count } = await downloaded(part, { hashes: [] });

    expect(failure).toMatchObject({ exit: 'integrity' });
    expect(count).toBe(0);
  });
});

it('a progress bar says how much, of what, and how fast', () => {
  expect(barLine('app.tar', 12 * MIB, 48 * MIB, 1500)).toBe(
    'app.tar  [#######.......................]  25%  12.0 of 48.0 MiB  8.0 MiB/s',
  );
  expect(barLine('nothing', 0, 0, 0)).toContain('100%');
});
