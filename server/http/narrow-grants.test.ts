import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { IMAGES, PROJECT } from '../testing/api.ts';
import { type Send, TestServer } from '../testing/harness.ts';
import { NarrowRepository } from '../testing/narrow-repository.ts';
import { type Descriptor, freshImage, INDEX, MANIFEST, NOWHERE, refusal } from '../testing/oci.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const DEV = '!has(resource.tag) || resource.tag.startsWith("dev-")';
/** What a list of tags shows. */
async function tagsOf({ id }: NarrowRepository, path: string, who: string) {
  const answer = await server.send('GET', `/v2/us-central1-docker/my-project/${id}/${path}`, { as: who });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { tags: string[]; child: string[]; manifest: Record<string, object> };
}
const as = (who: string): Send => ({ as: who });
const status = async (answer: Promise<Response>): Promise<number> => (await answer).status;

describe('a grant for one package', () => {
  test('is good for all of it, and for nothing of another', async () => {
    const narrow = await NarrowRepository.make(server);
    const [own, other] = [narrow.image('team-a/app'), narrow.image('team-b/app')];
    const { digest } = await own.image('v1');
    const foreign = await other.image('v1');
    const layer = await own.blob('a layer');
    const who = await narrow.holder('reader', 'resource.package.startsWith("team-a/")');

    for (const path of ['manifests/v1', `manifests/${digest}`, `blobs/${layer.digest}`, 'tags/list'])
      for (const method of ['GET', 'HEAD']) expect(await status(own.send(method, path, as(who)))).toBe(200);
    for (const path of ['manifests/v1', `manifests/${foreign.digest}`, 'tags/list', `referrers/${NOWHERE}`])
      for (const method of ['GET', 'HEAD']) expect(await status(other.send(method, path, as(who)))).toBe(403);
    expect(await status(own.send('POST', 'blobs/uploads/', { as: who, body: '' }))).toBe(403);
  });

  test('shows nothing else in lists, which are as long as they say', async () => {
    const narrow = await NarrowRepository.make(server);
    for (const name of ['a1', 'b1', 'a2', 'b2', 'a3', 'b3']) await narrow.image(name).image('v1');
    const who = await narrow.holder('reader', 'resource.package.startsWith("a")');
    const prefix = `us-central1-docker/my-project/${narrow.id}/`;

    const pages: string[][] = [];
    for (let path = '/v2/_catalog?n=2'; path !== '';) {
      const answer = await server.send('GET', path, { as: who });
      pages.push(((await answer.json()) as { repositories: string[] }).repositories);
      path = /<(.*)>/.exec(answer.headers.get('link') ?? '')?.[1] ?? '';
    }
    expect(pages.map((page) => page.map((name) => name.replace(prefix, '')))).toEqual([['a1', 'a2'], ['a3']]);
    expect((await tagsOf(narrow, 'tags/list', who)).child).toEqual(['a1', 'a2', 'a3']);
  });

  test('lets walk down to it, past what may not be seen', async () => {
    const narrow = await NarrowRepository.make(server);
    for (const name of ['deep/own/app', 'deep/other/app']) await narrow.image(name).image('v1');
    const who = await narrow.holder('reader', 'resource.package.startsWith("deep/own/")');

    expect((await tagsOf(narrow, 'deep/tags/list', who)).child).toEqual(['own']);
    expect((await tagsOf(narrow, 'deep/own/tags/list', who)).child).toEqual(['app']);
    await refusal(await narrow.image('deep/other').send('GET', 'tags/list', as(who)), 403, 'DENIED');
  });

  test('shows nothing of packages whose names begin with its own', async () => {
    const narrow = await NarrowRepository.make(server);
    for (const name of ['own', 'own/secret']) await narrow.image(name).image('v1');
    const who = await narrow.holder('reader', 'resource.package == "own"');

    const { tags, child } = await tagsOf(narrow, 'own/tags/list', who);
    expect({ tags, child }).toEqual({ tags: ['v1'], child: [] });
  });

  test('mounts from it and from nowhere else, be it named or found', async () => {
    const narrow = await NarrowRepository.make(server);
    const [own, other, target] = [narrow.image('own'), narrow.image('other'), freshImage(server)];
    const mine = await own.blob('my bytes');
    const theirs = await other.blob('their bytes');
    const condition = 'resource.package == "own"';
    await server.grantIf(narrow.on, 'roles/artifactregistry.reader', 'user:mounter', condition);
    await server.grant(IMAGES, 'roles/artifactregistry.writer', 'user:mounter');
    const who = await server.account('mounter');
    const mount = (digest: string, from: string) =>
      status(target.send('POST', `blobs/uploads/?mount=${digest}${from}`, { as: who, body: '' }));

    expect(await mount(theirs.digest, `&from=${other.name}`)).toBe(202);
    expect(await mount(theirs.digest, '')).toBe(202);
    expect(await mount(mine.digest, `&from=${own.name}`)).toBe(201);
    expect(await mount(mine.digest, '')).toBe(201);
  });

  test('writes to another image of the same repository nothing, by its bytes either', async () => {
    const narrow = await NarrowRepository.make(server);
    const [own, other] = [narrow.image('own'), narrow.image('other')];
    const theirs = await other.blob('bytes of another image');
    const who = await narrow.holder('writer', 'resource.package == "own"');

    expect(
      await status(own.send('POST', `blobs/uploads/?mount=${theirs.digest}`, { as: who, body: '' })),
    ).toBe(202);
    expect(await status(other.send('POST', 'blobs/uploads/', { as: who, body: '' }))).toBe(403);
    const document = await own.document('seed');
    expect(await status(own.put('v1', document, MANIFEST, as(who)))).toBe(201);
    expect(await status(other.put('v1', document, MANIFEST, as(who)))).toBe(403);
  });
});

describe('a grant for some tags', () => {
  test('pushes and pulls those, layers and all', async () => {
    const narrow = await NarrowRepository.make(server);
    const image = narrow.image('app');
    const who = await narrow.holder('writer', DEV);

    expect(await status(image.send('POST', 'blobs/uploads/', { as: who, body: '' }))).toBe(202);
    const document = await image.document('seed');
    expect(await status(image.put('dev-1', document, MANIFEST, as(who)))).toBe(201);
    expect(await status(image.send('GET', 'manifests/dev-1', as(who)))).toBe(200);
    expect(await status(image.put('prod', document, MANIFEST, as(who)))).toBe(403);
    expect(await status(image.put('dev-2?tag=prod', document, MANIFEST, as(who)))).toBe(403);
    expect(await status(image.send('GET', 'manifests/dev-2'))).toBe(404);
    expect(await status(image.send('GET', 'manifests/prod'))).toBe(404);
  });

  test('shows no other tag, in whatever list', async () => {
    const narrow = await NarrowRepository.make(server);
    const image = narrow.image('app');
    const both = await image.document('both');
    const { digest } = await image.push('dev-1', both);
    await image.push('prod', both);
    await image.image('prod-2');
    const who = await narrow.holder('reader', DEV);

    const { tags, manifest } = await tagsOf(narrow, 'app/tags/list', who);
    expect(tags).toEqual(['dev-1']);
    expect(manifest[digest]).toMatchObject({ tag: ['dev-1'] });
    expect(JSON.stringify(manifest)).not.toContain('prod');
    expect(await status(image.send('GET', 'manifests/prod', as(who)))).toBe(403);
    expect(await status(image.send('GET', 'manifests/absent', as(who)))).toBe(403);
  });

  test('of which none needs to carry one reads by those names and no digest', async () => {
    const narrow = await NarrowRepository.make(server);
    const image = narrow.image('app');
    const { digest } = await image.image('dev-1');
    await image.image('prod');
    const who = await narrow.holder('reader', 'resource.tag.startsWith("dev-")');

    expect(await status(image.send('GET', 'manifests/dev-1', as(who)))).toBe(200);
    expect(await status(image.send('GET', `manifests/${digest}`, as(who)))).toBe(403);
    expect((await tagsOf(narrow, 'app/tags/list', who)).tags).toEqual(['dev-1']);
  });

  test('deletes by digest what no other tag names', async () => {
    const narrow = await NarrowRepository.make(server);
    const image = narrow.image('app');
    const shared = await image.document('shared');
    const { digest } = await image.push('dev-1', shared);
    await image.push('prod', shared);
    const own = await image.image('dev-2');
    const who = await narrow.holder('repoAdmin', DEV);

    await refusal(await image.send('DELETE', `manifests/${digest}`, as(who)), 403, 'DENIED');
    expect(await status(image.send('GET', 'manifests/dev-1'))).toBe(200);
    expect(await status(image.send('GET', 'manifests/prod'))).toBe(200);
    await refusal(await image.send('DELETE', 'manifests/prod', as(who)), 403, 'DENIED');
    expect(await status(image.send('DELETE', `manifests/${own.digest}`, as(who)))).toBe(202);
    expect(await status(image.send('DELETE', 'manifests/dev-1', as(who)))).toBe(202);
  });
});

const indexOf = (...manifests: Descriptor[]) =>
  JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });

describe('a grant for some versions', () => {
  test('names no other as child or subject, and learns of none', async () => {
    const narrow = await NarrowRepository.make(server);
    const image = narrow.image('app');
    const [mine, theirs] = [await image.image('mine'), await image.image('theirs')];
    const hidden = `!has(resource.version) || resource.version != "${theirs.digest}"`;
    const who = await narrow.holder('writer', `${hidden} && resource.version != "${NOWHERE}"`);
    const put = async (document: string) => {
      const answer = await image.put('new', document, INDEX, as(who));
      return { status: answer.status, body: await answer.text() };
    };
    const absent = { ...theirs, digest: NOWHERE };
    const about = (subject: Descriptor) => JSON.stringify({ ...JSON.parse(indexOf(mine)), subject });

    expect((await put(indexOf(theirs))).status).toBe(403);
    expect(await put(indexOf(absent))).toEqual(await put(indexOf(theirs)));
    expect((await put(about(theirs))).status).toBe(403);
    expect(await put(about(absent))).toEqual(await put(about(theirs)));
    expect(await status(image.send('GET', 'manifests/new'))).toBe(404);
    expect((await put(indexOf(mine))).status).toBe(201);
  });

  test('does not reach another one by a tag on it', async () => {
    const narrow = await NarrowRepository.make(server);
    const image = narrow.image('app');
    const { digest } = await image.image('v1');
    const who = await narrow.holder('reader', `!has(resource.version) || resource.version != "${digest}"`);
    const get = async (tag: string) => {
      const answer = await image.send('GET', `manifests/${tag}`, as(who));
      return { status: answer.status, body: (await answer.text()).replaceAll(tag, 'TAG') };
    };

    expect((await get('v1')).status).toBe(404);
    expect(await get('v2')).toEqual(await get('v1'));
    expect((await tagsOf(narrow, 'app/tags/list', who)).tags).toEqual([]);
  });

  test('lists of referrers those, and pages are full without the others', async () => {
    const narrow = await NarrowRepository.make(server);
    const image = narrow.image('app');
    const subject = await image.image('subject');
    const about: string[] = [];
    for (const seed of ['1', '2', '3', '4', '5', '6'])
      about.push((await image.image(`r${seed}`, seed, { subject })).digest);
    about.sort();
    const hidden = about.filter((_, at) => at % 2 === 0);
    const who = await narrow.holder(
      'reader',
      `!has(resource.version) || !(resource.version in ${JSON.stringify(hidden)})`,
    );

    const answer = await image.send('GET', `referrers/${subject.digest}?n=2`, as(who));
    const { manifests } = (await answer.json()) as { manifests: Descriptor[] };
    expect(manifests.map(({ digest }) => digest)).toEqual([about[1] ?? '', about[3] ?? '']);
    const next = /<(.*)>/.exec(answer.headers.get('link') ?? '')?.[1] ?? '';
    const rest = await server.send('GET', next, { as: who });
    expect(((await rest.json()) as { manifests: Descriptor[] }).manifests).toMatchObject([
      { digest: about[5] },
    ]);
    expect(rest.headers.has('link')).toBe(false);
  });
});

describe('a grant for one package of every repository', () => {
  test('tells of no repository whether it is there', async () => {
    const narrow = await NarrowRepository.make(server);
    await narrow.image('something').image('v1');
    const who = await narrow.holder('reader', 'resource.package == "team-a"', PROJECT);
    const seen = async (name: string, path: string) => {
      const answer = await server.send('GET', `/v2/us-central1-docker/my-project/${name}/${path}`, {
        as: who,
      });
      const text = (await answer.text()) + JSON.stringify(answer.headers.toJSON());
      return { status: answer.status, text: text.replaceAll(name, 'NAME') };
    };

    for (const path of [
      'tags/list',
      'team/tags/list',
      'tags/list?n=x',
      `something/referrers/${NOWHERE}`,
      'x/tags/list',
    ])
      expect(await seen(narrow.id, path)).toEqual(await seen('absent', path));
    expect((await seen(narrow.id, 'tags/list')).status).toBe(403);
    expect((await seen(narrow.id, 'team-a/manifests/v1')).status).toBe(404);
  });
});

describe('a grant that ends', () => {
  test('ends in the second it says', async () => {
    const narrow = await NarrowRepository.make(server);
    const image = narrow.image('app');
    await image.image('v1');
    const end = new Date(server.clock.now() + 60_000).toISOString();
    const who = await narrow.holder('reader', `request.time < timestamp("${end}")`);

    expect(await status(image.send('GET', 'manifests/v1', as(who)))).toBe(200);
    expect((await tagsOf(narrow, 'tags/list', who)).child).toEqual(['app']);
    server.clock.advance(60_000);
    expect(await status(image.send('GET', 'manifests/v1', as(who)))).toBe(403);
    expect(await status(image.send('GET', 'tags/list', as(who)))).toBe(403);
  });
});
