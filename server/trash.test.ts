import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FORMATS } from './formats/index.ts';
import { ApiCaller, type Json, LOCATION } from './testing/api.ts';
import { asOfText } from './testing/as-of.ts';
import { TestServer } from './testing/harness.ts';
import { type Read, sampleOf } from './testing/parity/sample.ts';

const RETENTION_MS = 7 * 86_400_000;

/** What a client gets, without what tells when it was asked and what depends on when something was last changed. */
interface Seen {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
}

describe.each(FORMATS.map((format) => [format.title, format] as const))(
  '%s versions that are deleted',
  (_, format) => {
    let server: TestServer;
    let admin: ApiCaller;
    let reads: readonly Read[];
    let before: readonly Seen[];
    let versions: readonly string[];
    let asOf: number;
    const repository = `${LOCATION}/repositories/kept`;

    beforeAll(async () => {
      server = await TestServer.start([
        '--trash-retention',
        '7d',
        // What it does by itself would be done before it is asked for.
        '--gc',
        'off',
        '--gc-grace',
        '0s',
        '--gc-sweep-delay',
        '0s',
      ]);
      admin = new ApiCaller(server);
      await admin.ok('POST', `${LOCATION}/repositories?repositoryId=kept`, { format: format.id });
      reads = await sampleOf(format).publish(server, 'kept');
      before = await seen();
      versions = await versionNames();
    });
    afterAll(() => server[Symbol.asyncDispose]());

    async function seen(of = 'kept'): Promise<readonly Seen[]> {
      const all: Seen[] = [];
      const { label, root } = format;
      const place = `${root === undefined ? '' : `/${root}`}/us-central1-${label}/my-project/${of}`;
      for (const { path, headers } of reads) {
        const answer = await server.send('GET', `${place}/${path}`, {
          headers: { 'accept-encoding': 'identity', ...headers },
        });
        const body = dateless(await answer.text()).replaceAll(of, 'kept');
        all.push({ status: answer.status, type: answer.headers.get('content-type'), body });
      }
      return all;
    }
    async function versionNames(of = repository): Promise<readonly string[]> {
      const { packages = [] } = await admin.get(`${of}/packages`);
      const found: string[] = [];
      for (const { name } of packages as readonly Json[])
        for (const version of (await admin.get(`${name}/versions`)).versions ?? []) found.push(version.name);
      return found;
    }
    const deleted = async (): Promise<readonly Json[]> =>
      (await admin.get(`${repository}/deletedVersions?pageSize=1000`)).deletedVersions ?? [];
    const sizeOf = async (): Promise<string | undefined> => (await admin.get(repository)).sizeBytes;

    /** Deletes all of them, whatever belongs to what: those that are refused are tried again after the others. */
    async function deleteAll(all = versions): Promise<void> {
      for (let left = all; left.length > 0;) {
        const refused: string[] = [];
        for (const name of left)
          if ((await admin.send('DELETE', `${name}?force=true`)).status === 400) refused.push(name);
        expect(refused.length).toBeLessThan(left.length);
        left = refused;
      }
    }
    async function restoreAll(): Promise<void> {
      for (let left = await deleted(); left.length > 0; left = await deleted())
        await admin.ok('POST', `${left[0].name}:undelete`, {});
    }
    /** What no version is made of goes with its package. */
    async function looseFiles(): Promise<ReadonlySet<string>> {
      const rows = await server.database.read
        .selectFrom('file')
        .leftJoin('version_use', 'version_use.file_id', 'file.id')
        .select('file.path')
        .where('file.version_id', 'is', null)
        .where('version_use.version_id', 'is', null)
        .execute();
      return new Set(rows.map(({ path }) => path));
    }

    test('are gone for every client and every list, and come back as they were', async () => {
      const size = await sizeOf();
      await deleteAll();

      expect(await versionNames()).toEqual([]);
      // As where there is no trash.
      const bare = await admin.ok('POST', `${LOCATION}/repositories?repositoryId=bare`, {
        format: format.id,
        trashRetention: '0s',
      });
      await sampleOf(format).publish(server, 'bare');
      await deleteAll(await versionNames(bare.response.name));
      expect(await seen()).toEqual(await seen('bare'));
      expect((await admin.get(`${bare.response.name}/deletedVersions`)).deletedVersions).toBeUndefined();
      expect(await deleted()).toHaveLength(versions.length);
      // What can be had back still takes its place.
      expect(await sizeOf()).toBe(size);

      await admin.collected();
      await restoreAll();

      expect([...(await versionNames())].sort()).toEqual([...versions].sort());
      expect(await seen()).toEqual(before);
      expect(await sizeOf()).toBe(size);
      expect(await deleted()).toEqual([]);
    });

    test('come back though their package was deleted', async () => {
      const loose = await looseFiles();
      const { packages } = await admin.get(`${repository}/packages`);
      for (const { name } of packages) await admin.ok('DELETE', name);
      expect((await admin.get(`${repository}/packages`)).packages).toBeUndefined();
      await admin.collected();

      await restoreAll();

      const isPart = (__: Seen, at: number): boolean => !loose.has(reads[at]?.path ?? '');
      expect((await seen()).filter(isPart)).toEqual(before.filter(isPart));
    });

    test('are where they were at addresses that mean a time before, until they are purged', async () => {
      await admin.ok('POST', `${LOCATION}/repositories?repositoryId=above`, {
        format: format.id,
        mode: 'VIRTUAL_REPOSITORY',
        virtualRepositoryConfig: { upstreamPolicies: [{ id: 'kept', repository, priority: 1 }] },
      });
      asOf = server.clock.now();
      server.clock.advance(3_600_000);
      const places = ['kept', 'above'].map((of) => `${of}/${asOfText(asOf)}`);
      const then = await Promise.all(places.map(seen));
      expect(then[0]?.some(({ status }) => status === 200)).toBe(true);

      await deleteAll();
      server.clock.advance(3_600_000);
      expect(await Promise.all(places.map(seen))).toEqual(then);
      const { packages = [] } = await admin.get(`${repository}/packages`);
      for (const { name } of packages) await admin.ok('DELETE', name);
      expect(await Promise.all(places.map(seen))).toEqual(then);

      await restoreAll();
      expect(await Promise.all(places.map(seen))).toEqual(then);
    });

    test('go for good when their time is over, and their contents with them', async () => {
      await deleteAll();
      server.clock.advance(RETENTION_MS - 3_600_000);
      expect((await admin.collected()).versionsPurged).toBe('0');
      server.clock.advance(3_600_001);

      const run = await admin.collected();

      expect(run.versionsPurged).toBe(String(versions.length));
      expect(await deleted()).toEqual([]);
      const absent = (await seen(`kept/${asOfText(asOf)}`)).filter(({ status }) => status === 404);
      expect(absent.filter(({ body }) => body.includes('purged from the trash'))).not.toEqual([]);
      const left = await server.database.read.selectFrom('deleted_file').select('path').execute();
      expect(left).toEqual([]);
      // What its triggers put on the list goes by the real clock, and is loose until its lease is over.
      server.clock.advance(Date.now() - server.clock.now() + 2 * 86_400_000);
      await admin.collected();
      await admin.collected();
      expect(await sizeOf()).toBeUndefined();
    });
  },
);

/** Documents say when they were last changed, and a restored version is a change. */
const dateless = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?/g, 'TIME')
    .replaceAll(/"_rev":"[^"]*"/g, '"_rev":""');
