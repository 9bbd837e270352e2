import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, idOf, type Json, LOCATION } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { freshImage } from '../testing/oci.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const P = 'projects/usage-1';
const R = `${P}/locations/us-central1/repositories`;
const sizeOf = async (repository: string): Promise<number> =>
  Number((await admin.get(`${R}/${repository}`)).sizeBytes ?? 0);

describe('usage', () => {
  it('counts once in the total what parts share, and tells of each part what it shares and what not', async () => {
    for (const name of ['one', 'two']) await server.repository(name, { project: 'usage-1' });
    await admin.ok('PATCH', `${R}/one?updateMask=quota`, { quota: { maxVersions: '9' } });
    const [one, two] = [freshImage(server, 'usage-1/one'), freshImage(server, 'usage-1/two')];
    const base = 'a common base layer';
    for (const image of [one, two]) await image.blob(base);
    await one.blob('only in one');
    await one.image('v1');

    const report = await admin.get(`${P}/usage`);

    const [first, second] = report.parts as Json[];
    const size = await sizeOf('one');
    expect(first).toEqual({
      name: `${R}/one`,
      sizeBytes: String(size),
      sharedBytes: String(base.length),
      uniqueBytes: String(size - base.length),
      versionCount: '1',
      quota: { maxVersions: '9' },
    });
    expect(second).toEqual({
      name: `${R}/two`,
      sizeBytes: String(base.length),
      sharedBytes: String(base.length),
      uniqueBytes: '0',
      versionCount: '0',
    });
    expect(report.total).toEqual({ name: P, sizeBytes: String(size), versionCount: '1' });
  });

  it('of versions tells what deleting one would free', async () => {
    const image = freshImage(server, 'usage-1/one');
    const base = await image.blob('the layer of both');
    const versions: Json[] = [];
    for (const tag of ['v1', 'v2']) {
      const document = JSON.parse(await image.document(tag));
      document.layers.push(base);
      versions.push(await image.push(tag, JSON.stringify(document)));
    }
    const pkg = image.name.slice('us-central1-docker/usage-1/one/'.length).replaceAll('/', '%2F');

    const report = await admin.get(`${R}/one/packages/${pkg}/usage`);

    expect(new Set(report.parts.map(idOf))).toEqual(new Set(versions.map(({ digest }) => digest)));
    for (const part of report.parts as Json[]) {
      const shared = Number(part.sharedBytes);
      expect(shared).toBeGreaterThanOrEqual('the layer of both'.length);
      expect(Number(part.uniqueBytes) + shared).toBe(Number(part.sizeBytes));
    }
    const [a, b] = report.parts as Json[];
    expect(Number(report.total.sizeBytes)).toBe(
      Number(a.uniqueBytes) + Number(b.uniqueBytes) + Number(a.sharedBytes),
    );
    expect(report.total.versionCount).toBe('2');
  });

  it('of packages and projects is told a page at a time', async () => {
    const all = await admin.get(`${R}/one/usage`);
    const pages = await admin.pages(`${R}/one/usage?pageSize=1`, 'parts');
    expect(pages.items).toEqual(all.parts);
    expect(pages.pages).toBe(all.parts.length);
    const projects = await admin.pages('usage?pageSize=1', 'parts');
    expect(projects.items.map(({ name }) => name)).toEqual(['projects/my-project', P]);
    const { bytes } = await server.database.read
      .selectFrom('gc_state')
      .select('bytes')
      .executeTakeFirstOrThrow();
    expect((await admin.get('usage')).total).toEqual({ sizeBytes: String(bytes), versionCount: '3' });
  });

  it('is told to who may see all of it', async () => {
    const reader = new ApiCaller(server, await server.account('ruth'));
    await server.grant(`${R}/one`, 'roles/artifactregistry.reader', 'user:ruth');
    await reader.get(`${R}/one/usage`);
    for (const path of [`${P}/usage`, 'usage', `${R}/two/usage`])
      expect(await reader.refused('GET', path)).toMatchObject({ status: 403 });
    const narrow = new ApiCaller(server, await server.account('nora'));
    await server.grantIf(
      `${R}/one`,
      'roles/artifactregistry.reader',
      'user:nora',
      `resource.name.startsWith('${R}/one/packages/x')`,
    );
    expect(await narrow.refused('GET', `${R}/one/usage`)).toMatchObject({ status: 403 });
    expect(await admin.refused('GET', `${LOCATION}/repositories/none/usage`)).toMatchObject({ status: 404 });
  });
});

describe('a recount', () => {
  it('puts right what is counted wrong, and says what that was', async () => {
    expect(await admin.ok('POST', 'usage:recount', {})).toEqual({});
    const before = await admin.get(`${P}/usage`);
    await admin.ok('PATCH', `${R}/one?updateMask=quota`, { quota: { maxBytes: '1' } });
    await server.database.transaction(async (tx) => {
      await tx
        .updateTable('repository')
        .set({ size_bytes: 1, unique_bytes: 7 })
        .where('name', '=', 'one')
        .execute();
      await tx.updateTable('project').set({ version_count: 0 }).where('id', '=', 'usage-1').execute();
      await tx.updateTable('package').set({ unique_bytes: 12_345 }).execute();
    });

    const { corrections } = await admin.ok('POST', 'usage:recount', {});

    const places = corrections.map(({ place }: Json) => place);
    expect(places).toContain('usage-1/us-central1/one');
    expect(places).toContain('usage-1');
    await admin.ok('PATCH', `${R}/one?updateMask=quota`, { quota: { maxVersions: '9' } });
    expect(await admin.get(`${P}/usage`)).toEqual(before);
    expect(await admin.ok('POST', 'usage:recount', {})).toEqual({});
  });
});
