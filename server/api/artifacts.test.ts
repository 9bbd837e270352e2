import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, idOf, IMAGES, type Json } from '../testing/api.ts';
import { HOST, TestServer } from '../testing/harness.ts';
import { type Descriptor, descriptorOf, ImageClient, INDEX, MANIFEST } from '../testing/oci.ts';

let server: TestServer;
let admin: ApiCaller;
let app: ImageClient;
let v1: Descriptor;
let v2: Descriptor;
let index: Descriptor;

const APP = `${IMAGES}/packages/team%2Fapp`;
const version = (digest: string) => `${APP}/versions/${digest}`;

beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  app = new ImageClient(server, 'us-central1-docker/my-project/images/team/app');
  v1 = await app.image('v1');
  server.clock.advance(1000);
  v2 = await app.image('v2');
  server.clock.advance(1000);
  const children = [
    { ...v1, platform: { architecture: 'amd64', os: 'linux' } },
    { ...v2, platform: { architecture: 'arm64', os: 'linux', variant: 'v8' } },
  ];
  index = await app.push(
    'all',
    JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: children }),
    INDEX,
  );
  await app.push(
    'latest',
    JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: children }),
    INDEX,
  );
  await new ImageClient(server, 'us-central1-docker/my-project/images/tool').image('v1', 'tool');
});
afterAll(() => server[Symbol.asyncDispose]());

const packageIds = async (query: string) => {
  const { items } = await admin.pages(`${IMAGES}/packages?pageSize=1&${query}`, 'packages');
  return items.map(idOf);
};
const short = ({ digest }: Descriptor) => `team%2Fapp@${digest.slice(7, 13)}`;
const tagging = (id: string) => `${APP}/tags?tagId=${id}`;
const manifest = () => `${IMAGES}/files/team%2Fapp%2Fmanifests%2F${v1.digest}`;

describe('packages', () => {
  it('are found under their escaped name, however often a client escapes it', async () => {
    const pkg = await admin.get(APP);
    expect(pkg).toEqual({
      name: APP,
      displayName: 'team/app',
      createTime: '2026-03-01T12:00:00.000Z',
      updateTime: '2026-03-01T12:00:02.000Z',
    });
    expect(await admin.get(APP.replace('%2F', '%252F'))).toEqual(pkg);
    expect(await admin.get(APP.replace('%2F', '%2f'))).toEqual(pkg);
    expect(await admin.refused('GET', `${IMAGES}/packages/team`)).toMatchObject({ status: 404 });
  });

  it('are listed, filtered and ordered', async () => {
    expect(await packageIds('')).toEqual(['team%2Fapp', 'tool']);
    expect(await packageIds('orderBy=create_time desc')).toEqual(['tool', 'team%2Fapp']);
    expect(await packageIds(`filter=${encodeURIComponent(`name="${IMAGES}/packages/TEAM%2F*"`)}`)).toEqual([
      'team%2Fapp',
    ]);
  });

  it('take annotations and can be found by them', async () => {
    const annotations = { 'example.com/owner': 'Shop Team', stage: 'prod' };
    const patched = await admin.ok('PATCH', `${APP}?updateMask=annotations`, { annotations });
    expect(patched.annotations).toEqual(annotations);
    const matches = async (filter: string) => {
      const { items } = await admin.pages(
        `${IMAGES}/packages?filter=${encodeURIComponent(filter)}`,
        'packages',
      );
      return items.length;
    };
    expect(await matches('annotations.stage:prod')).toBe(1);
    expect(await matches('annotations.stage:PR*')).toBe(1);
    expect(await matches('annotations.stage="test"')).toBe(0);
    expect(await matches('annotations.stage')).toBe(1);
    expect(await matches('annotations.absent')).toBe(0);
    expect(await matches('annotations.`example.com/owner`:`shop team`')).toBe(1);
    expect(await admin.refused('PATCH', `${APP}?updateMask=display_title`, {})).toMatchObject({
      status: 400,
    });
    expect((await admin.ok('PATCH', `${APP}?updateMask=annotations.stage`, {})).annotations).toEqual({
      'example.com/owner': 'Shop Team',
    });
  });
});

describe('versions', () => {
  it('show what their format knows of them', async () => {
    expect(await admin.get(version(v1.digest))).toEqual({
      name: version(v1.digest),
      createTime: '2026-03-01T12:00:00.000Z',
      updateTime: '2026-03-01T12:00:00.000Z',
      metadata: {
        name: `${IMAGES}/dockerImages/team%2Fapp@${v1.digest}`,
        imageSizeBytes: expect.stringMatching(/^\d+$/),
        mediaType: MANIFEST,
        buildTime: '2026-01-02T03:04:05.000Z',
        artifactType: expect.any(String),
      },
    });
  });

  it('show their tags in the full view, by whatever name it is asked for', async () => {
    const tags = [
      { name: `${APP}/tags/all`, version: version(index.digest) },
      { name: `${APP}/tags/latest`, version: version(index.digest) },
    ];
    for (const view of ['FULL', 'full', '2']) {
      expect((await admin.get(`${version(index.digest)}?view=${view}`)).relatedTags).toEqual(tags);
      const { versions } = await admin.get(`${APP}/versions?view=${view}`);
      expect(versions.find(({ name }: Json) => name === version(index.digest)).relatedTags).toEqual(tags);
    }
    const { versions } = await admin.get(`${APP}/versions`);
    expect(versions.filter((row: Json) => 'relatedTags' in row)).toEqual([]);
    expect(await admin.refused('GET', `${APP}/versions?view=SOME`)).toMatchObject({
      status: 400,
      field: 'view',
    });
  });

  it('are listed in every order', async () => {
    const digests = async (query: string) => {
      const { items } = await admin.pages(`${APP}/versions?pageSize=2&${query}`, 'versions');
      return items.map(idOf);
    };
    const byName = [v1.digest, v2.digest, index.digest].sort();
    expect(await digests('')).toEqual(byName);
    expect(await digests('orderBy=name desc')).toEqual(byName.toReversed());
    expect(await digests('orderBy=create_time')).toEqual([v1.digest, v2.digest, index.digest]);
    expect(await digests('orderBy=updateTime desc')).toEqual([index.digest, v2.digest, v1.digest]);
    const prefix = v2.digest.slice(0, 20).toUpperCase();
    expect(await digests(`filter=${encodeURIComponent(`name="${APP}/versions/${prefix}*"`)}`)).toEqual([
      v2.digest,
    ]);
    expect(await admin.refused('GET', `${IMAGES}/packages/none/versions`)).toMatchObject({ status: 404 });
  });

  it('take annotations', async () => {
    const patched = await admin.ok('PATCH', version(v1.digest), { annotations: { reviewed: 'yes' } });
    expect(patched.annotations).toEqual({ reviewed: 'yes' });
    const found = await admin.get(`${APP}/versions?filter=annotations.reviewed:yes`);
    expect(found.versions.map(idOf)).toEqual([v1.digest]);
  });
});

describe('docker images', () => {
  it('are versions in Docker’s words', async () => {
    const id = `${IMAGES}/dockerImages/team%2Fapp@${index.digest}`;
    const image = await admin.get(id);
    expect(image).toMatchObject({
      name: id,
      uri: `${HOST}/us-central1-docker/my-project/images/team/app@${index.digest}`,
      tags: ['all', 'latest'],
      uploadTime: '2026-03-01T12:00:02.000Z',
      mediaType: INDEX,
    });
    expect(image.imageManifests).toEqual([
      { architecture: 'amd64', os: 'linux', digest: v1.digest, mediaType: MANIFEST },
      { architecture: 'arm64', os: 'linux', variant: 'v8', digest: v2.digest, mediaType: MANIFEST },
    ]);
    expect(await admin.refused('GET', `${IMAGES}/dockerImages/team%2Fapp`)).toMatchObject({ status: 404 });
    expect(await admin.refused('GET', `${IMAGES}/dockerImages/none@${v1.digest}`)).toMatchObject({
      status: 404,
    });
  });

  it('are listed over all packages, page by page, in every order', async () => {
    const names = async (query: string) => {
      const { items } = await admin.pages(`${IMAGES}/dockerImages?pageSize=1&${query}`, 'dockerImages');
      return items.map((image) => idOf(image).replace(/@sha256:(.{6}).*/, '@$1'));
    };
    const team = [v1, v2, index].map(short).sort();
    const byName = await names('');
    expect(byName.slice(0, 3)).toEqual(team);
    expect(byName[3]).toStartWith('tool@');
    expect(await names('orderBy=name desc')).toEqual(byName.toReversed());
    expect((await names('orderBy=upload_time')).slice(0, 2)).toEqual([short(v1), short(v2)]);
    expect((await names('orderBy=update_time desc')).length).toBe(4);
    expect(await admin.refused('GET', `${IMAGES}/dockerImages?orderBy=media_type`)).toMatchObject({
      status: 400,
    });
    expect(await admin.refused('GET', `${IMAGES}/dockerImages?filter=name=x`)).toMatchObject({ status: 400 });
  });
});

describe('tags', () => {
  it('are made, moved, listed and removed at once', async () => {
    const made = await admin.ok('POST', tagging('new'), { version: version(v1.digest) });
    expect(made).toEqual({ name: `${APP}/tags/new`, version: version(v1.digest) });
    expect(await admin.get(`${APP}/tags/new`)).toEqual(made);
    const moved = await admin.ok('PATCH', `${APP}/tags/new?updateMask=version`, {
      version: version(v2.digest),
    });
    expect(moved.version).toBe(version(v2.digest));
    expect((await app.send('HEAD', 'manifests/new')).headers.get('docker-content-digest')).toBe(v2.digest);

    const { items } = await admin.pages(`${APP}/tags?pageSize=2`, 'tags');
    expect(items.map(idOf)).toEqual(['all', 'latest', 'new', 'v1', 'v2']);
    const filter = (text: string) => admin.get(`${APP}/tags?filter=${encodeURIComponent(text)}`);
    expect((await filter(`version="${version(v2.digest)}"`)).tags.map(idOf)).toEqual(['new', 'v2']);
    expect((await filter(`version="*${v2.digest.slice(10)}"`)).tags.map(idOf)).toEqual(['new', 'v2']);
    expect((await filter('name="*/V*"')).tags.map(idOf)).toEqual(['v1', 'v2']);

    expect(await admin.ok('DELETE', `${APP}/tags/new`)).toEqual({});
    expect(await admin.refused('GET', `${APP}/tags/new`)).toMatchObject({ status: 404 });
    expect(await admin.refused('DELETE', `${APP}/tags/new`)).toMatchObject({ status: 404 });
  });

  const other = `${IMAGES}/packages/tool/versions/sha256:${'0'.repeat(64)}`;
  const refused: readonly (readonly [says: string, id: string, body: () => Json, status: number])[] = [
    ['a tag that is there', 'v1', () => ({ version: version(v1.digest) }), 409],
    ['a version that is not there', 'x', () => ({ version: version(`sha256:${'0'.repeat(64)}`) }), 404],
    ['a version of another package', 'x', () => ({ version: other }), 400],
    ['a version that is no name', 'x', () => ({ version: v1.digest }), 400],
    ['no version', 'x', () => ({}), 400],
    ['no id', '', () => ({ version: version(v1.digest) }), 400],
    ['an id with a space', 'a%20b', () => ({ version: version(v1.digest) }), 400],
    ['an overlong id', 'a'.repeat(129), () => ({ version: version(v1.digest) }), 400],
  ];
  it.each(refused)('are refused for %s', async (_, id, body, status) => {
    expect((await admin.refused('POST', tagging(id), body())).status).toBe(status);
  });

  it('cannot be moved that are not there, nor without a version', async () => {
    const body = { version: version(v1.digest) };
    expect(await admin.refused('PATCH', `${APP}/tags/none`, body)).toMatchObject({ status: 404 });
    expect(await admin.refused('PATCH', `${APP}/tags/v1?updateMask=version`, {})).toMatchObject({
      status: 400,
    });
    expect(await admin.refused('PATCH', `${APP}/tags/v1?updateMask=colour`, body)).toMatchObject({
      status: 400,
    });
  });
});

describe('files', () => {
  it('tell their bytes, their checksums and their owner', async () => {
    const file = await admin.get(manifest());
    expect(file).toMatchObject({
      name: manifest(),
      sizeBytes: String(v1.size),
      hashes: [{ type: 'SHA256', value: Buffer.from(v1.digest.slice(7), 'hex').toString('base64') }],
      owner: version(v1.digest),
    });
    expect(await admin.refused('GET', `${IMAGES}/files/none`)).toMatchObject({ status: 404 });
  });

  it('are downloaded under both addresses, whole and by range', async () => {
    const body = await (await app.send('GET', `manifests/${v1.digest}`)).text();
    for (const path of [
      `/v1/${manifest()}:download?alt=media`,
      `/v1/${manifest()}:download`,
      `/download/v1/${manifest()}:download?alt=media`,
      `/download/v1/${manifest().replace(/%2F/g, '%252F').replace(':', '%3A')}:download`,
    ]) {
      const answer = await server.send('GET', path);
      expect({ path, status: answer.status, text: await answer.text() }).toEqual({
        path,
        status: 200,
        text: body,
      });
    }
    const part = await server.send('GET', `/v1/${manifest()}:download`, { headers: { range: 'bytes=1-4' } });
    expect({ status: part.status, text: await part.text() }).toEqual({ status: 206, text: body.slice(1, 5) });
    expect(part.headers.get('content-range')).toBe(`bytes 1-4/${body.length}`);
    expect(await admin.refused('GET', `${IMAGES}/files/none:download`)).toMatchObject({ status: 404 });
    expect(await admin.refused('GET', `${manifest()}:download`, undefined, { as: null })).toMatchObject({
      status: 401,
    });
  });

  it('are listed by path and by owner', async () => {
    const { items } = await admin.pages(`${IMAGES}/files?pageSize=3`, 'files');
    const ids = items.map(idOf);
    expect(ids).toEqual(ids.toSorted());
    expect(ids).toHaveLength(10);
    const owned = await admin.get(
      `${IMAGES}/files?filter=${encodeURIComponent(`owner="${version(v1.digest)}"`)}`,
    );
    expect(owned.files.map((file: Json) => file.name)).toEqual([manifest()]);
    const all = await admin.get(`${IMAGES}/files?filter=${encodeURIComponent(`owner="${APP}/versions/*"`)}`);
    expect(all.files).toHaveLength(3);
  });

  it('take annotations, and are not taken from a version', async () => {
    const annotations = { 'artifactregistry.googleapis.com/file_name': 'x.json' };
    expect((await admin.ok('PATCH', manifest(), { annotations })).annotations).toEqual(annotations);
    expect(await admin.refused('DELETE', manifest())).toMatchObject({
      status: 400,
      code: 'FAILED_PRECONDITION',
    });
    const layer = (await admin.pages(`${IMAGES}/files?`, 'files')).items.find(({ name }) =>
      name.includes('blobs'),
    );
    expect(await admin.refused('DELETE', layer.name)).toMatchObject({ status: 400, reason: 'IN_USE' });
  });

  it('that nothing needs can be deleted', async () => {
    const blob = await app.blob('nobody needs this');
    const name = `${IMAGES}/files/team%2Fapp%2Fblobs%2F${blob.digest}`;
    const operation = await admin.ok('DELETE', name);
    expect(operation).toMatchObject({ done: true });
    expect(await admin.refused('GET', name)).toMatchObject({ status: 404 });
    expect(descriptorOf('x', 'nobody needs this').digest).toBe(blob.digest);
  });
});
