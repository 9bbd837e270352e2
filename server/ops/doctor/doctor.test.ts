import { Database } from 'bun:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { chmod, cp, mkdir, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig } from '../../config.ts';
import type { BlobInfo } from '../../core/blob.ts';
import { serve } from '../../serve.ts';
import { layout } from '../../stores/blobs/layout.ts';
import { dataPaths } from '../../stores/data-directory.ts';
import { freshImage } from '../../testing/oci.ts';
import { Clock, temporary, TestServer } from '../../testing/harness.ts';
import type { DoctorSettings } from './check.ts';
import { CHECKS } from './checks.ts';
import { examine, type Result } from './examine.ts';

const START = new Clock().now();

interface Options {
  readonly deep?: boolean;
  readonly now?: () => number;
  readonly settings?: Partial<DoctorSettings>;
}

async function results(directory: string, options: Options = {}): Promise<readonly Result[]> {
  const { deep = true, now = () => START, settings } = options;
  const defaults = parseConfig({
    argv: ['--reserve', '1KiB', '--listen', '127.0.0.1:0'],
    env: {},
    readFile: () => '',
  });
  return Array.fromAsync(
    examine({
      directory,
      settings: { ...defaults, ...settings },
      checks: CHECKS,
      deep,
      now,
      progress: () => undefined,
    }),
  );
}

/** What is not well, as `name: level: what it says`. */
const complaints = (found: readonly Result[]): readonly string[] =>
  found.filter(({ level }) => level !== 'ok').map(({ name, level, says }) => `${name}: ${level}: ${says}`);

const says = (found: readonly Result[], name: string): string =>
  found.find((one) => one.name === name)?.says ?? '';

/** A directory that a server with two images and an index was stopped on; copied for each test. */
const original = await temporary();
{
  await using server = await TestServer.start();
  const image = freshImage(server);
  const parts = [await image.image('a'), await image.image('b')];
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: parts };
  await image.push('both', JSON.stringify(index), index.mediaType);
  await cp(server.directory.root, original, { recursive: true });
  using database = new Database(dataPaths(original).database);
  database.run('PRAGMA wal_checkpoint(TRUNCATE)');
}
afterAll(() => rm(original, { recursive: true }));

let root: string;
beforeEach(async () => {
  root = await temporary();
  await cp(original, root, { recursive: true });
  await chmod(root, 0o700);
});
afterEach(() => rm(root, { recursive: true, force: true }));

function change(statement: string, enforced = true): void {
  using database = new Database(dataPaths(root).database);
  database.run(`PRAGMA foreign_keys = ${enforced ? 'ON' : 'OFF'}`);
  database.run(statement);
}

/** Where the object of some served blob is. */
function someObject(): string {
  using database = new Database(dataPaths(root).database, { readonly: true });
  const blob = database
    .query<BlobInfo, []>('SELECT digest, size, generation FROM blob ORDER BY digest LIMIT 1')
    .get();
  if (blob === null) throw new Error('no blob');
  return layout(dataPaths(root).blobs).object(blob);
}

describe('the doctor', () => {
  test('finds nothing wrong with a directory that a server left', async () => {
    const found = await results(root);
    expect(complaints(found)).toEqual([]);
    expect(says(found, 'contents')).toMatch(/^7 blobs of .* read/);
    expect(says(found, 'server')).toBe('none is running on this directory');
  });

  test('finds nothing wrong beside a running server, and names its process', async () => {
    await using server = await TestServer.start();
    await freshImage(server).image('a');
    server.directory.lock();

    const found = await results(server.directory.root);
    expect(complaints(found)).toEqual([]);
    expect(says(found, 'server')).toBe(`process ${process.pid} is running`);
    await freshImage(server).image('still-writable');
  });

  test('says kindly that there is no data directory yet, and makes none', async () => {
    const absent = join(root, 'not', 'yet');
    const found = await results(absent);
    expect(complaints(found)).toEqual([]);
    expect(says(found, 'data directory')).toBe(
      `${absent} is not there yet; entrepot serve makes it when it first starts`,
    );
    expect(await readdir(root)).not.toContain('not');
  });

  test('looks neither at contents nor at references when it is not asked to', async () => {
    const names = (await results(root, { deep: false })).map(({ name }) => name);
    expect(names).toContain('database');
    expect(names).not.toContain('contents');
    expect(names).not.toContain('tags');
  });
});

const damages: readonly (readonly [
  what: string,
  damage: () => unknown,
  complaint: RegExp,
  options?: Options,
])[] = [
  [
    'an object with a flipped bit',
    async () => {
      const bytes = await Bun.file(someObject()).bytes();
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await writeFile(someObject(), bytes);
    },
    /^contents: fail: sha256:\w+ holds other bytes, of sha256:/,
  ],
  [
    'a truncated object',
    () => truncate(someObject(), 3),
    /^contents: fail: sha256:\w+ has 3 bytes instead of \d+$/,
  ],
  ['a lost object', () => rm(someObject()), /^contents: fail: sha256:\w+ has no object$/],
  [
    'an object without a row, which does no harm',
    () => cp(someObject(), someObject().replace(/\w+$/, '0'.repeat(32))),
    /^orphans: warn: 1 object of .* without a row$/,
  ],
  [
    'content that is known to be damaged',
    () => change(`UPDATE blob SET state = 'corrupt' WHERE digest = (SELECT min(digest) FROM blob)`),
    /^files: fail: .* names content that is corrupt$/,
  ],
  [
    'a version without its file',
    () => change(`DELETE FROM file WHERE version_id = (SELECT max(id) FROM version)`),
    /^versions: fail: version sha256:\w+ of image-\d+ has no file$/,
  ],
  [
    'a tag on a version of another package',
    () => {
      change(`INSERT INTO package (repository_id, name, created_at, updated_at) VALUES (1, 'other', 0, 0)`);
      change(`UPDATE tag SET package_id = (SELECT max(id) FROM package) WHERE name = 'a'`);
    },
    /^tags: fail: tag a of package \d+ points at no version of it$/,
  ],
  [
    'a version that uses a file of nowhere',
    () =>
      change(
        'UPDATE version_use SET file_id = 9999 WHERE file_id = (SELECT min(file_id) FROM version_use)',
        false,
      ),
    /^uses: fail: version \d+ uses file 9999, which is gone or elsewhere$/,
  ],
  [
    'an index whose part is gone',
    () => change(`DELETE FROM version WHERE id = (SELECT min(id) FROM version)`),
    /^links: fail: child link from sha256:\w+ to sha256:\w+ is broken$/,
  ],
  [
    'a row that points at nothing',
    () => change('UPDATE tag SET version_id = 77', false),
    /^foreign keys: fail: 3 rows/,
  ],
  [
    'a repository whose size was not kept',
    () => change('UPDATE repository SET size_bytes = size_bytes + 1024'),
    /^repository sizes: fail: my-project\/us-central1\/images is said to hold .* and holds/,
  ],
  [
    'a blob store of an unknown kind',
    () => writeFile(layout(dataPaths(root).blobs).marker, 'entrepot blobs 9\n'),
    /^blob store: fail: its layout is "entrepot blobs 9\\n", which this version does not know$/,
  ],
  [
    'a blob store that lost a directory',
    () => rm(layout(dataPaths(root).blobs).shards[7] ?? '', { recursive: true }),
    /^blob store: fail: .*\/07 is gone$/,
  ],
  ['a directory that everyone may read', () => chmod(root, 0o755), /^permissions: warn: .* has mode 0755$/],
  [
    'a key that everyone may read',
    async () => {
      await chmod(root, 0o755);
      await chmod(dataPaths(root).signingKey, 0o644);
    },
    /^permissions: fail: other users can read .*\/keys\/signing$/,
  ],
  [
    'a file in the place of the directory',
    async () => {
      await rm(root, { recursive: true });
      await writeFile(root, '');
    },
    /^data directory: fail: .* is not a directory$/,
  ],
  [
    'something that is no database',
    () => writeFile(dataPaths(root).database, 'not a database, but long enough to look at '.repeat(100)),
    /^database: fail: .*\/entrepot.db cannot be opened: file is not a database$/,
  ],
  [
    'a database with a page overwritten',
    async () => {
      const bytes = await Bun.file(dataPaths(root).database).bytes();
      await writeFile(dataPaths(root).database, bytes.fill(0x5a, 8192, 12_288));
    },
    /^database: fail: (quick_check: |this could not be looked at: database disk image is malformed)/,
  ],
  [
    'a clock that went back',
    () => undefined,
    /^clock: fail: it says 2026-03-01T11:00:00.000Z, and the newest row in the database is of 2026-03-01T12/,
    { now: () => START - 3_600_000 },
  ],
  ['a clock that was never set', () => undefined, /^clock: fail: it says 1970-/, { now: () => 0 }],
  [
    'a disk without room',
    () => undefined,
    /^free space: fail: .* uploads are refused$/,
    { settings: { reserve: 2 ** 60 } },
  ],
  [
    'an upload that nobody can continue',
    async () => {
      const path = join(layout(dataPaths(root).blobs).uploads, 'f'.repeat(32));
      await writeFile(path, 'half');
      await utimes(path, 0, 0);
    },
    /^unfinished uploads: warn: 1 upload with 4 bytes, 1 of them expired$/,
  ],
];

test.each(damages)('the doctor tells of %s', async (_, damage, complaint, options = {}) => {
  await damage();

  const found = complaints(await results(root, options));
  expect(found).toContainEqual(expect.stringMatching(complaint));
});

const answering = async (flags: readonly string[], run: (origin: string) => Promise<void>): Promise<void> => {
  await using server = await TestServer.start(flags);
  const config = parseConfig({ argv: ['--listen', '127.0.0.1:0'], env: {}, readFile: () => '' });
  const log = { write: () => undefined, flush: () => undefined };
  const serving = serve({ app: server.app, config, log, now: Date.now, shared: false });
  try {
    await run(serving.url);
  } finally {
    await serving.stop();
  }
};
const publicUrl = async (origin: string) =>
  (await results(root, { deep: false, settings: { publicUrl: origin } })).find(
    ({ name }) => name === 'public URL',
  );

describe('of the public URL the doctor says', () => {
  test('that it is well when it answers and sends clients to itself', () =>
    answering([], async (origin) => {
      expect(await publicUrl(origin)).toMatchObject({ level: 'ok', says: `${origin} is this server's` });
    }));

  test('that clients are sent elsewhere for tokens', () =>
    answering(['--public-url', 'https://elsewhere.example'], async (origin) => {
      const finding = await publicUrl(origin);
      expect(finding).toMatchObject({
        level: 'fail',
        says: `${origin} sends clients to https://elsewhere.example/v2/token for tokens`,
      });
    }));

  test('that nothing answers', async () => {
    expect((await publicUrl('http://127.0.0.1:1'))?.says).toMatch(
      /^nothing answers at http:\/\/127.0.0.1:1 /,
    );
  });
});

const openssl = Bun.which('openssl');
if (openssl === null) console.warn('skipped tests of TLS files: openssl, which makes them, is not installed');

const make = async (name: string, days: number): Promise<{ tlsCert: string; tlsKey: string }> => {
  const [tlsCert, tlsKey] = [join(root, `${name}.crt`), join(root, `${name}.key`)];
  const request =
    'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=registry.example';
  const rest = ['-addext', 'subjectAltName=DNS:registry.example', '-days', String(days)];
  const command = [...request.split(' '), ...rest, '-keyout', tlsKey, '-out', tlsCert];
  const made = Bun.spawnSync(command, { stderr: 'pipe' });
  if (!made.success) throw new Error(made.stderr.toString());
  return { tlsCert, tlsKey };
};
const tls = async (settings: Partial<DoctorSettings>, now = Date.now) =>
  (await results(root, { deep: false, now, settings })).find(({ name }) => name === 'TLS');

describe.skipIf(openssl === null)('of TLS files the doctor says', () => {
  test('that a pair is a pair, and until when', async () => {
    const pair = await make('a', 90);
    expect(await tls(pair)).toMatchObject({ level: 'ok' });
    expect(await tls({ ...pair, domain: 'pkg.example' })).toMatchObject({
      level: 'warn',
      says: 'the certificate is not for us-docker.pkg.example',
    });
  });

  test('that a key is of another certificate', async () => {
    const [a, b] = [await make('a', 90), await make('b', 90)];
    expect(await tls({ tlsCert: a.tlsCert, tlsKey: b.tlsKey })).toMatchObject({
      level: 'fail',
      says: `${b.tlsKey} is not the key of ${a.tlsCert}`,
    });
  });

  test('that a certificate is about to expire, and that it has', async () => {
    const pair = await make('a', 10);
    expect(await tls(pair)).toMatchObject({
      level: 'warn',
      says: expect.stringMatching(/expires on .* in \d days$/),
    });
    const later = Date.now() + 11 * 86_400_000;
    expect(await tls(pair, () => later)).toMatchObject({ level: 'fail' });
  });

  test('that a file is missing', async () => {
    await mkdir(join(root, 'dir'));
    const finding = await tls({ tlsCert: join(root, 'none.crt'), tlsKey: join(root, 'none.key') });
    expect(finding).toMatchObject({
      level: 'fail',
      says: expect.stringContaining('no certificate can be read from'),
    });
  });
});
