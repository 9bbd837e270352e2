import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ApiCaller, idOf, type Json, LOCATION, PROJECT } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { NarrowRepository } from '../testing/narrow-repository.ts';
import { NOWHERE } from '../testing/oci.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const DEV = '!has(resource.tag) || resource.tag.startsWith("dev-")';

describe('a grant for one package', () => {
  test('opens it, its versions, tags, files and images, and those of no other', async () => {
    const narrow = await NarrowRepository.make(server);
    const { digest } = await narrow.image('own').image('v1');
    const other = await narrow.image('other').image('v1');
    const layer = await narrow.image('own').blob('a layer');
    const foreign = await narrow.image('other').blob('another layer');
    const caller = await narrow.caller('repoAdmin', 'resource.package == "own"');

    const own = narrow.package('own');
    for (const path of [
      own,
      `${own}/versions`,
      `${own}/tags`,
      `${own}/tags/v1`,
      narrow.version('own', digest),
    ])
      await caller.get(path);
    await caller.get(narrow.file(`own/manifests/${digest}`));
    await caller.get(narrow.file(`own/blobs/${layer.digest}`));
    await caller.get(`${narrow.on}/dockerImages/own@${digest}`);
    const download = await caller.send('GET', `${narrow.file(`own/blobs/${layer.digest}`)}:download`);
    expect(await download.text()).toBe('a layer');

    for (const name of ['other', 'absent']) {
      const path = narrow.package(name);
      for (const below of ['', '/versions', '/tags', '/tags/v1', `/versions/${other.digest}`])
        expect(await caller.refused('GET', path + below)).toMatchObject({ status: 403 });
      expect(await caller.refused('GET', `${narrow.on}/dockerImages/${name}@${other.digest}`)).toMatchObject({
        status: 403,
      });
    }
    for (const path of [
      `other/manifests/${other.digest}`,
      `other/blobs/${foreign.digest}`,
      'own/blobs/none',
      'x',
    ]) {
      expect(await caller.refused('GET', narrow.file(path))).toMatchObject({ status: 403 });
      expect(await caller.refused('GET', `${narrow.file(path)}:download`)).toMatchObject({ status: 403 });
      expect(await caller.refused('DELETE', narrow.file(path))).toMatchObject({ status: 403 });
      expect(await caller.refused('PATCH', narrow.file(path), {})).toMatchObject({ status: 403 });
    }
    expect(await caller.refused('GET', narrow.on)).toMatchObject({ status: 403 });
    expect(await caller.refused('DELETE', narrow.on)).toMatchObject({ status: 403 });
    await caller.ok('DELETE', own);
    await admin.get(narrow.package('other'));
  });

  test('shows in lists that and nothing else, page by page', async () => {
    const narrow = await NarrowRepository.make(server);
    for (const name of ['a1', 'b1', 'a2', 'b2', 'b3', 'a3']) await narrow.image(name).image('v1');
    const caller = await narrow.caller('reader', 'resource.package.startsWith("a")');

    const packages = await caller.pages(`${narrow.on}/packages?pageSize=2`, 'packages');
    expect(packages.items.map(idOf)).toEqual(['a1', 'a2', 'a3']);
    const images = await caller.pages(`${narrow.on}/dockerImages?pageSize=2`, 'dockerImages');
    expect(images.items.map(({ uri }) => uri.split('/').at(-1).split('@')[0])).toEqual(['a1', 'a2', 'a3']);
    const files = await caller.pages(`${narrow.on}/files?pageSize=2`, 'files');
    expect(files.items.length).toBe(9);
    for (const { name } of files.items) expect(idOf({ name })).toStartWith('a');
    const filtered = await caller.get(`${narrow.on}/packages?filter=${encodeURIComponent('name="*/b*"')}`);
    expect(filtered).toEqual({});
  });

  test('shows the repository it was given on, without what the rest weighs', async () => {
    const narrow = await NarrowRepository.make(server);
    await narrow.image('a').image('v1');
    const caller = await narrow.caller('reader', 'resource.package == "a"');
    const known = await narrow.caller('reader', '!has(resource.package) || resource.package == "a"');

    const { repositories } = await caller.get(`${LOCATION}/repositories`);
    expect(repositories.map(idOf)).toEqual([narrow.id]);
    expect(repositories[0].sizeBytes).toBeUndefined();
    expect((await known.get(narrow.on)).sizeBytes).toBeUndefined();
    expect((await admin.get(narrow.on)).sizeBytes).toMatch(/^\d+$/);
  });

  test('is empty and no secret while the package is', async () => {
    const narrow = await NarrowRepository.make(server);
    await narrow.image('other').image('v1');
    const caller = await narrow.caller('reader', 'resource.package == "own"');

    for (const list of ['packages', 'files', 'dockerImages'])
      expect(await caller.get(`${narrow.on}/${list}`)).toEqual({});
    expect(await caller.refused('GET', narrow.package('own'))).toMatchObject({ status: 404 });
  });
});

describe('a grant for one package of every repository', () => {
  test('tells of no repository whether it is there', async () => {
    const narrow = await NarrowRepository.make(server);
    for (const name of ['one', 'two', 'three']) await narrow.image(name).image('v1');
    const caller = await narrow.caller('reader', 'resource.package == "team-a"', PROJECT);
    const seen = async (name: string, path: string) => {
      const answer = await caller.send('GET', `${LOCATION}/repositories/${name}${path}`);
      const text = (await answer.text()) + JSON.stringify(answer.headers.toJSON());
      return { status: answer.status, text: text.replaceAll(name, 'NAME') };
    };

    const owner = encodeURIComponent(`owner="${narrow.package('one')}/versions/x"`);
    for (const path of [
      '',
      '/packages',
      '/packages?pageSize=1',
      '/packages?filter=name%3D%22*one%22',
      '/files?orderBy=createTime',
      `/files?filter=${owner}`,
      '/dockerImages',
      '/packages/one',
      '/packages/one/versions',
      '/packages/one/tags',
      '/files/one',
    ]) {
      const known = await seen(narrow.id, path);
      expect([path, known.status]).toEqual([path, 403]);
      expect(await seen('absent', path)).toEqual(known);
    }
    expect(await caller.refused('GET', `${LOCATION}/repositories`)).toMatchObject({ status: 403 });
  });

  test('shows in a project only the repositories whose name a condition allows', async () => {
    const [one, two] = [await NarrowRepository.make(server), await NarrowRepository.make(server)];
    const caller = await one.caller('reader', `resource.name != "${two.on}"`, PROJECT);

    const ids = (await caller.get(`${LOCATION}/repositories`)).repositories.map(idOf);
    expect(ids).toContain(one.id);
    expect(ids).not.toContain(two.id);
  });
});

/** An image with a tag that the grant is for, and one that it is not. */
const twiceTagged = async () => {
  const narrow = await NarrowRepository.make(server);
  const image = narrow.image('app');
  const document = await image.document('shared');
  const { digest } = await image.push('dev-1', document);
  await image.push('prod', document);
  return { narrow, image, digest, tags: `${narrow.package('app')}/tags` };
};

describe('a grant for some tags', () => {
  test('shows no other, also not beside a version', async () => {
    const { narrow, digest, tags } = await twiceTagged();
    const caller = await narrow.caller('reader', DEV);

    expect((await caller.get(tags)).tags.map(idOf)).toEqual(['dev-1']);
    const version = await caller.get(`${narrow.version('app', digest)}?view=FULL`);
    expect(version.relatedTags.map(idOf)).toEqual(['dev-1']);
    const { versions } = await caller.get(`${narrow.package('app')}/versions?view=FULL`);
    expect(versions[0].relatedTags.map(idOf)).toEqual(['dev-1']);
    expect((await caller.get(`${narrow.on}/dockerImages/app@${digest}`)).tags).toEqual(['dev-1']);
    expect((await caller.get(`${narrow.on}/dockerImages`)).dockerImages[0].tags).toEqual(['dev-1']);
    for (const tag of ['prod', 'absent'])
      expect(await caller.refused('GET', `${tags}/${tag}`)).toMatchObject({ status: 403 });
  });

  test('makes, moves and deletes those alone', async () => {
    const { narrow, image, digest, tags } = await twiceTagged();
    const second = await image.image('dev-2');
    const caller = await narrow.caller('repoAdmin', DEV);
    const to = (version: string) => ({ version: narrow.version('app', version) });

    await caller.ok('POST', `${tags}?tagId=dev-3`, to(digest));
    expect(await caller.refused('POST', `${tags}?tagId=prod-3`, to(digest))).toMatchObject({ status: 403 });
    await caller.ok('PATCH', `${tags}/dev-3?updateMask=version`, to(second.digest));
    expect(await caller.refused('PATCH', `${tags}/prod?updateMask=version`, to(second.digest))).toMatchObject(
      {
        status: 403,
      },
    );
    expect(await caller.refused('DELETE', `${tags}/prod`)).toMatchObject({ status: 403 });
    await caller.ok('DELETE', `${tags}/dev-3`);
    expect((await admin.get(`${tags}/prod`)).version).toBe(narrow.version('app', digest));
  });

  test('deletes no version that another tag names, alone, among others or with its package', async () => {
    const { narrow, image, digest, tags } = await twiceTagged();
    const own = await image.image('dev-2');
    const caller = await narrow.caller('repoAdmin', DEV);

    for (const query of ['', '?force=true']) {
      const refused = await caller.refused('DELETE', narrow.version('app', digest) + query);
      expect(refused).toMatchObject({ status: 403 });
      expect(refused.message).not.toContain('prod');
    }
    expect(await caller.refused('DELETE', narrow.package('app'))).toMatchObject({ status: 403 });
    const names = [digest, own.digest].map((version) => narrow.version('app', version));
    for (const validateOnly of [true, false]) {
      const batch = { names, validateOnly };
      const { metadata } = await caller.ok('POST', `${narrow.package('app')}/versions:batchDelete`, batch);
      expect(metadata.failedVersions).toEqual([names[0]]);
    }
    expect((await admin.get(tags)).tags.map(idOf)).toEqual(['dev-1', 'prod']);
  });
});

describe('a grant for some versions', () => {
  test('deletes and tags no other, and learns of none', async () => {
    const narrow = await NarrowRepository.make(server);
    const image = narrow.image('app');
    const [mine, theirs] = [await image.image('mine'), await image.image('theirs')];
    const hidden = JSON.stringify([theirs.digest, NOWHERE]);
    const caller = await narrow.caller(
      'repoAdmin',
      `!has(resource.version) || !(resource.version in ${hidden})`,
    );
    const versions = `${narrow.package('app')}/versions`;
    const answer = async (method: string, path: string, body?: Json) => {
      const sent = await caller.send(method, path, body);
      return { status: sent.status, text: (await sent.text()).replaceAll(/[0-9a-f]{64}/g, 'HEX') };
    };

    for (const of of [
      (digest: string) => answer('GET', `${versions}/${digest}`),
      (digest: string) => answer('DELETE', `${versions}/${digest}?force=true`),
      (digest: string) =>
        answer('POST', `${versions}:batchDelete`, {
          names: [mine.digest, digest].map((each) => narrow.version('app', each)),
        }),
      (digest: string) =>
        answer('POST', `${narrow.package('app')}/tags?tagId=new`, { version: narrow.version('app', digest) }),
      (digest: string) =>
        answer('PATCH', `${narrow.package('app')}/tags/mine?updateMask=version`, {
          version: narrow.version('app', digest),
        }),
    ]) {
      expect((await of(theirs.digest)).status).toBe(403);
      expect(await of(NOWHERE)).toEqual(await of(theirs.digest));
    }
    expect((await caller.get(versions)).versions.map(idOf)).toEqual([mine.digest]);
    expect((await caller.get(`${narrow.package('app')}/tags`)).tags.map(idOf)).toEqual(['mine']);
    expect(await caller.refused('GET', `${narrow.package('app')}/tags/theirs`)).toMatchObject({
      status: 404,
    });
    expect((await admin.get(versions)).versions).toHaveLength(2);
  });
});

describe('a list in which much is hidden', () => {
  test('goes on to what may be seen, however far that is', async () => {
    const narrow = await NarrowRepository.make(server);
    for (let at = 10; at < 30; at += 1) await narrow.image(`p${at}`).image('v1', 'same');
    await narrow.image('visible').image('v1', 'same');
    const caller = await narrow.caller('reader', 'resource.package == "visible"', PROJECT);

    const { items, pages } = await caller.pages(`${narrow.on}/packages?pageSize=1`, 'packages');
    expect(items.map(idOf)).toEqual(['visible']);
    expect(pages).toBe(1);
  });
});
