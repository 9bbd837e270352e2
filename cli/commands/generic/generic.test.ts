import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Io } from '../../io.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

const AT = '--repository=files --location=us-central1 --project=my-project';
/** More than a part, so that there are several. */
const LARGE = Buffer.alloc(40 * 2 ** 20 + 7, 'large ');

let registry: TestRegistry;
let person: Person;
beforeAll(async () => {
  registry = await TestRegistry.start();
  await registry.server.repository('files', { format: 'GENERIC' });
  person = await registry.admin();
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
});

const inHome = (name: string): string => join(person.home, name);
async function directory(
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  const path = inHome(name);
  for (const [file, content] of Object.entries(files)) {
    await mkdir(join(path, file, '..'), { recursive: true });
    await writeFile(join(path, file), content);
  }
  return path;
}
const upload = (version: string, flags: string) =>
  `artifacts generic upload ${AT} --package=tool --version=${version} ${flags}`;
const download = (version: string, flags: string) =>
  `artifacts generic download ${AT} --package=tool --version=${version} ${flags}`;

describe('generic upload and download', () => {
  test('take a directory there and back', async () => {
    const from = await directory('from', { 'a.txt': 'a', 'dir/b c.txt': 'b', 'dir/empty': '', large: LARGE });
    const to = await directory('to', { here: 'stays' });

    const said = await person.run(upload('1.0', `--source-directory=${from} --destination-path=site/`));
    expect(said).toMatchObject({ exit: 0, stderr: expect.stringContaining('Uploaded 4 files to tool 1.0') });
    const got = await person.run(download('1.0', `--destination=${to}`));

    expect(got).toMatchObject({ exit: 0, stderr: expect.stringContaining('checksums verified') });
    expect((await readdir(to, { recursive: true })).sort()).toEqual([
      'here',
      'site',
      'site/a.txt',
      'site/dir',
      'site/dir/b c.txt',
      'site/dir/empty',
      'site/large',
    ]);
    expect(await Bun.file(join(to, 'site/dir/b c.txt')).text()).toBe('b');
    expect(Buffer.from(await Bun.file(join(to, 'site/large')).arrayBuffer()).equals(LARGE)).toBe(true);
  });

  test('leave what is there, and say when it is something else', async () => {
    const from = await directory('twice', { 'a.txt': 'one' });
    await person.done(upload('2.0', `--source=${from}/a.txt`));

    const again = await person.run(upload('2.0', `--source=${from}/a.txt`));
    expect(again).toMatchObject({ exit: 0, stderr: expect.stringContaining('1 was there already') });
    await writeFile(join(from, 'a.txt'), 'two');
    const other = await person.run(upload('2.0', `--source=${from}/a.txt`));
    expect(other).toMatchObject({ exit: 5, stderr: expect.stringContaining('with other bytes') });
    expect((await person.run(upload('2.0', `--source=${from}/a.txt --skip-existing`))).exit).toBe(0);

    const refused = await person.run(download('2.0', `--destination=${from}`));
    expect(refused).toMatchObject({ exit: 5, stderr: expect.stringContaining('--allow-overwrite') });
    await person.done(download('2.0', `--destination=${from} --allow-overwrite`));
    expect(await Bun.file(join(from, 'a.txt')).text()).toBe('one');
  });

  test('go on where they were interrupted', async () => {
    const from = await directory('broken', { large: LARGE });
    const to = await directory('broken-to', {});
    await mkdir(to, { recursive: true });
    const sent: string[] = [];
    const noting =
      (failing: (request: Request, count: number) => boolean): Io['fetch'] =>
      async (request) => {
        const range = request.headers.get('content-range') ?? request.headers.get('range');
        if (range !== null) {
          sent.push(range);
          if (failing(request, sent.length)) throw new Error('the connection is gone');
        }
        return registry.fetch(request);
      };
    const total = LARGE.byteLength;
    const [first, second] = [`bytes 0-33554431/${total}`, `bytes 33554432-${total - 1}/${total}`];

    const cut = await person.run(upload('3.0', `--source=${from}/large`), {
      fetch: noting((request, count) => request.method === 'PUT' && count > 1),
    });
    expect(cut.exit).toBe(6);
    expect(sent[0]).toBe(first);
    sent.length = 0;
    await person.done(upload('3.0', `--source=${from}/large`), { fetch: noting(() => false) });
    expect(sent).toEqual([`bytes */${total}`, second]);

    sent.length = 0;
    const broken = await person.run(download('3.0', `--destination=${to} --parallelism=1`), {
      fetch: noting((_, count) => count > 1),
    });
    expect(broken.exit).not.toBe(0);
    expect((await readdir(to)).length).toBe(2);
    sent.length = 0;
    await person.done(download('3.0', `--destination=${to} --parallelism=1`), { fetch: noting(() => false) });
    expect(sent).toEqual(['bytes=16777216-33554431', `bytes=33554432-${total - 1}`]);
    expect(await readdir(to)).toEqual(['large']);
    expect(Buffer.from(await Bun.file(join(to, 'large')).arrayBuffer()).equals(LARGE)).toBe(true);
  });

  test('files are uploaded by their ids, and one that was interrupted goes on', async () => {
    const from = await directory('by-id', { large: LARGE, small: 'one' });
    const send = (id: string, file: string, more = '') =>
      `artifacts files upload ${id} ${AT} --source=${from}/${file} ${more}`.trim();
    const ranges: string[] = [];
    const noting =
      (fails: boolean): Io['fetch'] =>
      (request) => {
        const range = request.headers.get('content-range');
        if (range !== null) ranges.push(range);
        if (fails && ranges.length > 1) throw new Error('the connection is gone');
        return registry.fetch(request);
      };
    const total = LARGE.byteLength;

    expect((await person.run(send('tool:6.0:bin/large', 'large'), { fetch: noting(true) })).exit).toBe(6);
    ranges.length = 0;
    const said = await person.run(send('tool:6.0:bin/large', 'large'), { fetch: noting(false) });
    expect(said).toMatchObject({
      exit: 0,
      stderr: expect.stringContaining(`Uploaded tool:6.0:bin/large, ${total} bytes, checksum verified`),
    });
    expect(ranges).toEqual([`bytes */${total}`, `bytes 33554432-${total - 1}/${total}`]);

    await person.done(send('tool:6.0:small', 'small'));
    const again = await person.run(send('tool:6.0:small', 'small'));
    expect(again).toMatchObject({ exit: 0, stderr: expect.stringContaining('was there already') });
    await writeFile(join(from, 'small'), 'two');
    const other = await person.run(send('tool:6.0:small', 'small'));
    expect(other).toMatchObject({ exit: 5, stderr: expect.stringContaining('with other bytes') });
    expect((await person.run(send('tool:6.0:small', 'small', '--skip-existing'))).exit).toBe(0);
    await mkdir(inHome('by-id-to'));
    const full = 'projects/my-project/locations/us-central1/repositories/files/files/tool:6.0:small';
    await person.done(`artifacts files download ${full} --destination=${inHome('by-id-to')}`);
    expect(await Bun.file(inHome('by-id-to/small')).text()).toBe('one');
  });

  test.each([
    [`artifacts files upload tool:1.0:x ${AT} --source=/nowhere/at/all`, 2, 'is not a file'],
    [`artifacts files upload tool ${AT} --source=/etc/hostname`, 1, 'PACKAGE:VERSION:PATH'],
    [upload('4.0', ''), 2, 'give --source, or --source-directory'],
    [upload('4.0', '--source=/nowhere/at/all'), 2, 'is not a file'],
    [download('9.9', '--destination=/tmp'), 3, 'there are no files'],
    [download('1.0', '--destination=/nowhere/at/all'), 2, 'is not a directory'],
    [download('1.0', '--destination=/tmp --name=nothing'), 3, 'nothing'],
  ])('%s ends with %d', async (line, exit, words) => {
    expect(await person.run(line.trim())).toMatchObject({ exit, stderr: expect.stringContaining(words) });
  });

  test('files of a version are deleted one by one', async () => {
    const from = await directory('gone', { a: 'a', b: 'b' });
    await person.done(upload('5.0', `--source-directory=${from}`));
    await person.done(`artifacts files delete tool:5.0:a ${AT} --quiet`);
    const listed = await person.done(
      `artifacts files list ${AT} --package=tool --version=5.0 --format=value(name)`,
    );
    expect(listed.trim().split('/').at(-1)).toBe('tool:5.0:b');
  });
});

test('print-settings generic prints where files go', async () => {
  const printed = await person.done(`artifacts print-settings generic ${AT}`);
  expect(printed).toContain('us-central1-generic/my-project/files/PACKAGE/VERSION/FILE');
  expect(printed).toContain('generic upload --project=my-project --location=us-central1 --repository=files');
});
