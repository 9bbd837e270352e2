import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ChecksumDatabase } from '../../../testing/checksum-database.ts';
import { FakeUpstream } from '../../../testing/fake-upstream.ts';
import { fileOf, GoClient, type GoVersion, moduleFiles, moduleZip } from '../../../testing/go.ts';
import { TestServer } from '../../../testing/harness.ts';
import { Members } from '../../../testing/members.ts';
import { parseVerifier } from './note.ts';
import { tilePath } from './tree.ts';

let server: TestServer;
let upstream: FakeUpstream;
let members: Members;
beforeAll(async () => {
  server = await TestServer.start(['--allow-upstream-hosts', '127.0.0.1']);
  upstream = await FakeUpstream.start();
  members = new Members(server, 'GO');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const hex = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
const h1 = (files: readonly (readonly [string, string | Uint8Array])[]): string => {
  const lines = files
    .map(([name, content]) => `${hex(content)}  ${name}\n`)
    .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
  return `h1:${createHash('sha256').update(lines.join('')).digest('base64')}`;
};

let made = 0;
/** A version at the upstream, with what its `go.sum` says. */
function published(): { version: GoVersion; zip: string; mod: string } {
  made += 1;
  const version = { module: `example.com/Team/lib${made}`, version: 'v1.0.0' };
  const files = moduleFiles(version);
  const goMod = files.find(({ name }) => name.endsWith('/go.mod'))?.content ?? '';
  const at = `/proxy/${decodeURIComponent(fileOf(version, 'zip')).slice(0, -4)}`;
  upstream.put(`${at}.zip`, { body: moduleZip(version) });
  upstream.put(`${at}.mod`, { body: String(goMod) });
  upstream.put(`${at}.info`, {
    body: JSON.stringify({ Version: version.version, Time: '2020-01-01T00:00:00Z' }),
  });
  return {
    version,
    zip: h1(files.map(({ name, content }) => [name, content])),
    mod: h1([['go.mod', goMod]]),
  };
}

const cacheOf = async (checksumDatabase?: object): Promise<GoClient> => {
  const more = checksumDatabase ? { checksumDatabase } : {};
  return new GoClient(server, await members.remote('cache', `${upstream.url}/proxy`, more));
};
const got = async (client: GoClient, version: GoVersion, kind: 'zip' | 'mod' | 'info') => {
  const answer = await client.send('GET', fileOf(version, kind));
  return { status: answer.status, text: await answer.text() };
};

describe.each([1, 2, 3, 255, 256, 257, 700])('a database of %d records', (records) => {
  test('lets in what it has', async () => {
    const { version, zip, mod } = published();
    const database = new ChecksumDatabase('sum.example.com', records - 1);
    database.add(version.module, version.version, zip, mod);
    database.put(upstream, '/proxy/sumdb/sum.example.com', version);
    const client = await cacheOf({ key: database.key });
    for (const kind of ['info', 'mod', 'zip'] as const)
      expect({ kind, ...(await got(client, version, kind)) }).toMatchObject({ kind, status: 200 });
  });

  test('keeps out what it has otherwise', async () => {
    const { version, zip, mod } = published();
    const database = new ChecksumDatabase('sum.example.com', records - 1);
    database.add(version.module, version.version, mod, zip);
    database.put(upstream, '/proxy/sumdb/sum.example.com', version);
    const client = await cacheOf({ key: database.key });
    for (const kind of ['mod', 'zip'] as const)
      expect(await got(client, version, kind)).toMatchObject({
        status: 502,
        text: expect.stringContaining('checksum mismatch'),
      });
  });
});

const signed = (change: (database: ChecksumDatabase, version: GoVersion) => void) => async () => {
  const { version, zip, mod } = published();
  const database = new ChecksumDatabase('sum.example.com', 300);
  database.add(version.module, version.version, zip, mod);
  database.put(upstream, '/proxy/sumdb/sum.example.com', version);
  change(database, version);
  return got(await cacheOf({ key: database.key }), version, 'mod');
};

describe('kept out is what', () => {
  const BASE = '/proxy/sumdb/sum.example.com';
  const lookup = ({ module, version }: GoVersion) =>
    `${BASE}/lookup/${module.replaceAll(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)}@${version}`;

  test('somebody else signed', async () => {
    const answer = await signed((_, version) => {
      const other = new ChecksumDatabase('sum.example.com', 3);
      other.add(version.module, version.version, 'h1:zip', 'h1:mod');
      other.put(upstream, BASE, version);
    })();
    expect(answer).toEqual({ status: 502, text: expect.stringContaining('is not signed by its key') });
  });

  test('is not in the tree', async () => {
    const answer = await signed((_, version) => {
      upstream.put(`${BASE}/tile/8/0/001.p/45`, { body: new Uint8Array(45 * 32) });
      void version;
    })();
    expect(answer).toEqual({
      status: 502,
      text: expect.stringContaining('is not in the tree that was signed'),
    });
  });

  test('no database answers about', async () => {
    const answer = await signed((_, version) => {
      upstream.put(lookup(version), { status: 404, body: 'not found' });
    })();
    expect(answer).toEqual({ status: 403, text: expect.stringContaining('exceptions') });
  });

  test('a page is shown instead of', async () => {
    const answer = await signed((_, version) => {
      upstream.put(lookup(version), { body: '<html>log in</html>' });
    })();
    expect(answer.status).toBe(502);
  });
});

test('a database may be elsewhere, and does not know everything', async () => {
  const { version, zip, mod } = published();
  const own = published();
  const database = new ChecksumDatabase('sum.elsewhere.example', 4);
  database.add(version.module, version.version, zip, mod);
  database.put(upstream, '/database', version);
  const client = await cacheOf({
    key: database.key,
    uri: `${upstream.url}/database`,
    exceptions: [own.version.module],
  });
  expect((await got(client, version, 'zip')).status).toBe(200);
  expect((await got(client, own.version, 'zip')).status).toBe(200);
  expect((await client.send('GET', 'sumdb/sum.elsewhere.example/supported')).status).toBe(200);
});

describe('a database that an upstream relays', () => {
  test('is relayed as it is, also when the upstream is away, and others are not', async () => {
    const { version, zip, mod } = published();
    const database = new ChecksumDatabase('sum.relayed.example', 300);
    database.add(version.module, version.version, zip, mod);
    database.put(upstream, '/proxy/sumdb/sum.relayed.example', version);
    upstream.put('/proxy/sumdb/page.example/latest', { body: '<html></html>' });
    const client = await cacheOf();
    const path = 'sumdb/sum.relayed.example';
    const lookup = `${path}/lookup/${fileOf(version, 'zip').replace('/@v/', '@').slice(0, -4)}`;
    const paths = [
      `${path}/supported`,
      `${path}/latest`,
      lookup,
      `${path}/tile/8/0/000`,
      `${path}/tile/8/0/001.p/45`,
    ];
    const answers = async () =>
      Promise.all(
        paths.map(async (each) => {
          const answer = await client.send('GET', each);
          return [answer.status, hex(await answer.bytes())];
        }),
      );
    const first = await answers();
    expect(first.map(([status]) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(first[0]?.[1]).toBe(hex(''));
    await upstream.down();
    expect(await answers()).toEqual(first);
    await upstream.up();
    for (const [each, status] of [
      ['sumdb/page.example/supported', 502],
      ['sumdb/unknown.example/supported', 404],
      ['sumdb/unknown.example/latest', 404],
      [`${path}/tile/8/0/1`, 404],
      [`${path}/lookup/nothing`, 404],
    ] as const)
      expect([each, (await client.send('GET', each)).status]).toEqual([each, status]);
  });

  test('is asked nothing about modules that are one’s own', async () => {
    const { version } = published();
    const own = await members.standard('own');
    await new GoClient(server, own).publish(version);
    const cache = await members.remote('cache', `${upstream.url}/proxy`);
    const client = new GoClient(server, await members.virtual('front', [own, cache]));
    const path = `lookup/${fileOf(version, 'zip').replace('/@v/', '@').slice(0, -4)}`;
    expect((await client.send('GET', `sumdb/sum.relayed.example/${path}`)).status).toBe(404);
    expect(
      upstream.asked(/lookup/).filter(({ path: asked }) => asked.includes(version.module.slice(-5))),
    ).toEqual([]);
  });

  test('is not what a standard repository has', async () => {
    const client = new GoClient(server, await members.standard('plain'));
    expect((await client.send('GET', 'sumdb/sum.relayed.example/supported')).status).toBe(404);
  });
});

test.each([
  '',
  'name',
  'name+00000000+AAAA',
  `sum.example.com+00000000+${Buffer.alloc(33, 1).toString('base64')}`,
])('%j is no key', (text) => {
  expect(() => parseVerifier(text)).toThrow('is no key of a checksum database');
});

test.each([
  [{ level: 0, index: 0, width: 256 }, 'tile/8/0/000'],
  [{ level: 1, index: 5, width: 7 }, 'tile/8/1/005.p/7'],
  [{ level: 0, index: 1234067, width: 256 }, 'tile/8/0/x001/x234/067'],
])('a tile %p is at %s', (tile, path) => {
  expect(tilePath(tile)).toBe(path);
});

test('what there is no room for is held to the database, too', async () => {
  const { version, zip, mod } = published();
  const database = new ChecksumDatabase('sum.example.com', 2);
  database.add(version.module, version.version, mod, zip);
  database.put(upstream, '/proxy/sumdb/sum.example.com', version);
  const good = published();
  database.add(good.version.module, good.version.version, good.zip, good.mod);
  database.put(upstream, '/proxy/sumdb/sum.example.com', good.version);
  const client = await cacheOf({ key: database.key });
  await server.database.transaction((tx) => tx.updateTable('repository').set({ max_bytes: 1 }).execute());

  for (const kind of ['mod', 'zip'] as const) {
    const answers = await Promise.all([1, 2, 3].map(() => got(client, version, kind)));
    expect(answers.map(({ status }) => status)).toEqual([502, 502, 502]);
    expect((await got(client, good.version, kind)).status).toBe(200);
  }
  await server.database.transaction((tx) => tx.updateTable('repository').set({ max_bytes: null }).execute());
});
