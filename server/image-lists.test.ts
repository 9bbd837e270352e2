import { afterAll, describe, expect, test } from 'bun:test';
import { ApiCaller, type Json } from './testing/api.ts';
import { asOfText } from './testing/as-of.ts';
import { FakeUpstream } from './testing/fake-upstream.ts';
import { type Send, TestServer } from './testing/harness.ts';
import { Members } from './testing/members.ts';
import { NarrowRepository } from './testing/narrow-repository.ts';
import { type Descriptor, digestOf, ImageClient } from './testing/oci.ts';
import { startOn } from './testing/restored-server.ts';
import { ImageShelf } from './testing/upstream-oci.ts';

const upstream = await FakeUpstream.start();
const server = await TestServer.start(['--trash-retention', '7d', '--allow-upstream-hosts', '127.0.0.1']);
/** What another process is: all that is its own but the directory. */
const other = await startOn(server.directory.root);
afterAll(async () => {
  await other.app[Symbol.asyncDispose]();
  await other.database[Symbol.asyncDispose]();
  other.directory[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});
const admin = new ApiCaller(server);
const members = new Members(server);
const shelf = new ImageShelf(upstream);

interface Listed {
  readonly status: number;
  readonly body: string;
  readonly etag: string | null;
  readonly link: string | null;
}

const PAGES = ['', '?n=1', '?n=2&last=a'];
let hosts = 0;

async function page(image: ImageClient, query: string, send?: Send): Promise<Listed> {
  const answer = await image.send('GET', `tags/list${query}`, send);
  const { headers, status } = answer;
  return { status, body: await answer.text(), etag: headers.get('etag'), link: headers.get('link') };
}

const tagsIn = ({ body }: Listed): readonly string[] => JSON.parse(body).tags;

/** Some pages of an image's list, first made and then remembered. */
async function listed(image: ImageClient, send?: Send): Promise<readonly Listed[]> {
  let seen: readonly Listed[] = [];
  for (let asked = 0; asked < 2; asked += 1)
    seen = await Promise.all(PAGES.map((query) => page(image, query, send)));
  return seen;
}

/** The same where nobody asked before: a list is remembered for those who come by one host. */
const listedAnew = (image: ImageClient, send: Send = {}): Promise<readonly Listed[]> => {
  hosts += 1;
  const host = `host-${hosts}.test`;
  return Promise.all(PAGES.map((query) => page(image, query, { ...send, host })));
};

/** An image of a repository of its own. */
class Place {
  readonly id: string;
  readonly image: ImageClient;
  readonly elsewhere: ImageClient;
  readonly name: string;

  private constructor(id: string) {
    this.id = id;
    this.image = members.image(id);
    this.elsewhere = new ImageClient(other, this.image.name);
    this.name = `${Members.named(id)}/packages/app`;
  }

  static async make(fields: Json = {}): Promise<Place> {
    return new Place(await members.standard('listed', fields));
  }

  version = ({ digest }: Descriptor): string => `${this.name}/versions/${digest}`;
  below = (name: string): ImageClient => members.image(this.id, `app/${name}`);
}

interface Change {
  readonly what: string;
  readonly fields?: Json;
  /** Puts there what is changed; answers how. */
  readonly of: (place: Place) => Promise<() => Promise<unknown>>;
}

const UNTAGGED = { cleanupPolicies: { untagged: { action: 'DELETE', condition: { tagState: 'UNTAGGED' } } } };

const changes: readonly Change[] = [
  {
    what: 'a push',
    of:
      async ({ image }) =>
      () =>
        image.image('c', 'new'),
  },
  {
    what: 'a push without a tag',
    of: async ({ image }) => {
      const document = await image.document('bare');
      return () => image.push(digestOf(document), document);
    },
  },
  {
    what: 'a push in another process',
    of:
      async ({ elsewhere }) =>
      () =>
        elsewhere.image('c', 'new'),
  },
  {
    what: 'a tag that moved',
    of:
      async ({ image }) =>
      () =>
        image.image('a', 'moved'),
  },
  {
    what: 'a tag that moved in another process',
    of:
      async ({ elsewhere }) =>
      () =>
        elsewhere.image('a', 'moved'),
  },
  {
    what: 'a tag more of a manifest',
    of: async (place) => {
      const b = await place.image.image('b');
      return () => admin.ok('POST', `${place.name}/tags?tagId=b2`, { version: place.version(b) });
    },
  },
  {
    what: 'a tag less',
    of:
      async ({ image }) =>
      () =>
        image.send('DELETE', 'manifests/a'),
  },
  {
    what: 'a tag less in another process',
    of:
      async ({ elsewhere }) =>
      () =>
        elsewhere.send('DELETE', 'manifests/a'),
  },
  {
    what: 'a manifest that was deleted',
    of: async (place) => {
      const c = await place.image.image('c');
      return () => admin.ok('DELETE', `${place.version(c)}?force=true`);
    },
  },
  {
    what: 'a manifest that was restored',
    of: async (place) => {
      const c = await place.image.image('c');
      await admin.ok('DELETE', `${place.version(c)}?force=true`);
      const path = `${Members.named(place.id)}/deletedVersions?package=app`;
      const { deletedVersions } = await admin.get(path);
      return () => admin.ok('POST', `${deletedVersions[0].name}:undelete`, {});
    },
  },
  {
    what: 'what cleanup took',
    fields: UNTAGGED,
    of: async ({ id, image }) => {
      await image.image('a', 'so that the one before has no tag');
      return () => admin.cleaned(Members.named(id));
    },
  },
  {
    what: 'an image below',
    of:
      async ({ below }) =>
      () =>
        below('first').image('v1'),
  },
  {
    what: 'another image below',
    of: async ({ below }) => {
      await below('first').image('v1');
      return () => below('second').image('v1');
    },
  },
  {
    what: 'an image less below',
    of: async (place) => {
      await place.below('first').image('v1');
      return () => admin.ok('DELETE', place.name.replace(/app$/, 'app%2Ffirst'));
    },
  },
  {
    what: 'the image being gone',
    of:
      async ({ name }) =>
      () =>
        admin.ok('DELETE', name),
  },
];

describe.each(changes)('the next list after $what', ({ fields, of }) => {
  test('shows it, in this process and in another', async () => {
    const place = await Place.make(fields);
    await place.image.image('a');
    await place.image.image('b', 'b');
    const change = await of(place);
    const before = [await listed(place.image), await listed(place.elsewhere)];
    expect(before[0]).toEqual(await listedAnew(place.image));

    await change();

    const [here, there] = [await listed(place.image), await listed(place.elsewhere)];
    const fresh = await listedAnew(place.image);
    expect(here).toEqual(fresh);
    expect(there).toEqual(fresh);
    expect(before).not.toContainEqual(fresh);
    const etag = before[0]?.[0]?.etag ?? '';
    expect((await page(place.image, '', { headers: { 'if-none-match': etag } })).status).not.toBe(304);
  });
});

test('an image that is pushed again after it was gone has the list of what was pushed', async () => {
  const { image, elsewhere, name } = await Place.make();
  await image.image('a', 'first');
  await Promise.all([listed(image), listed(elsewhere)]);
  await admin.ok('DELETE', name);
  expect((await listed(elsewhere)).map(({ status }) => status)).toEqual([404, 404, 404]);
  await image.image('a', 'second');

  const fresh = await listedAnew(image);
  expect([await listed(image), await listed(elsewhere)]).toEqual([fresh, fresh]);
});

const withMembers = (...ids: readonly string[]): Json => ({
  virtualRepositoryConfig: {
    upstreamPolicies: ids.map((id, at) => ({ id, repository: Members.named(id), priority: at + 1 })),
  },
});

describe('a list of a virtual repository', () => {
  test('shows what a member has, and which members there are', async () => {
    const [first, second] = [await members.standard('first'), await members.standard('second')];
    const team = await members.virtual('team', [first]);
    const [image, elsewhere] = [members.image(team), new ImageClient(other, members.image(team).name)];
    await members.image(first).image('a', 'of the first');
    await members.image(second).image('b', 'of the second');
    const become = (...ids: readonly string[]) =>
      admin.ok('PATCH', `${Members.named(team)}?updateMask=virtualRepositoryConfig`, withMembers(...ids));
    const seen: (readonly string[])[] = [];

    for (const change of [
      async () => undefined,
      () => members.image(first).image('c'),
      () => become(first, second),
      () => members.image(second).image('d'),
      () => become(second),
      () => become(first),
    ]) {
      await change();
      const fresh = await listedAnew(image);
      expect([await listed(image), await listed(elsewhere)]).toEqual([fresh, fresh]);
      seen.push(...fresh.slice(0, 1).map(tagsIn));
    }

    expect(seen).toEqual([['a'], ['a', 'c'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd'], ['b', 'd'], ['a', 'c']]);
  });

  test('is for each of what they may read, whoever asked before', async () => {
    const [first, second] = [await members.standard('first'), await members.standard('second')];
    const team = await members.virtual('team', [first, second]);
    await members.image(first).image('a', 'of the first');
    await members.image(second).image('b', 'of the second');
    const as = await server.account('reads-one');
    for (const id of [first, team])
      await server.grant(Members.named(id), 'roles/artifactregistry.reader', 'user:reads-one');
    const tags = async (send?: Send) => (await listed(members.image(team), send)).map(tagsIn);

    for (let round = 0; round < 2; round += 1) {
      expect(await tags()).toEqual([['a', 'b'], ['a'], ['b']]);
      expect(await tags({ as })).toEqual([['a'], ['a'], []]);
    }
  });
});

test('whoever may see some of an image sees no more of a list that others asked for', async () => {
  const narrow = await NarrowRepository.make(server);
  const image = narrow.image('app');
  await image.image('dev-1');
  await image.image('prod-1');
  const as = await narrow.holder('reader', 'resource.tag.startsWith("dev-")');
  const tags = async (send?: Send) => tagsIn(await page(image, '', send));

  for (let round = 0; round < 3; round += 1) {
    expect(await tags()).toEqual(['dev-1', 'prod-1']);
    expect(await tags({ as })).toEqual(['dev-1']);
  }
});

test('a list of a remote repository shows what its upstream says, and what was copied', async () => {
  const remote = await members.remote('remote', upstream.url, { cacheConfig: { indexMaxAge: '0s' } });
  const image = members.image(remote, 'library/app');
  const tags = async () => tagsIn(await page(image, ''));

  shelf.push('library/app', 'v1', { layers: ['one'] });
  for (let asked = 0; asked < 3; asked += 1) expect(await tags()).toEqual(['v1']);
  shelf.push('library/app', 'v2', { layers: ['two'] });
  for (let asked = 0; asked < 3; asked += 1) expect(await tags()).toEqual(['v1', 'v2']);
});

test('a list at an address that means a time stays what it was then', async () => {
  const { image } = await Place.make();
  await image.image('a');
  const then = asOfText(server.clock.now());
  server.clock.advance(60_000);
  await image.image('b');
  const past = new ImageClient(server, image.name.replace(/app$/, `${then}/app`));

  for (let asked = 0; asked < 3; asked += 1)
    expect([tagsIn(await page(image, '')), tagsIn(await page(past, ''))]).toEqual([['a', 'b'], ['a']]);
});

test('a list of what refers to an image shows what came and went, in this process and in another', async () => {
  const { image, elsewhere, version } = await Place.make();
  const subject = await image.image('a');
  const about = async (client: ImageClient, seed: string, artifactType: string) => {
    const document = await client.document(seed, { subject, artifactType });
    return client.push(digestOf(document), document);
  };
  const ofBoth = async (query: string) => {
    const lists: (readonly string[])[] = [];
    for (const client of [image, elsewhere, image, elsewhere]) {
      const answer = await client.send('GET', `referrers/${subject.digest}${query}`);
      lists.push(((await answer.json()) as Json).manifests.map(({ digest }: Descriptor) => digest));
    }
    expect(new Set(lists.map(String)).size).toBe(1);
    return lists[0];
  };
  expect([await ofBoth(''), await ofBoth('?artifactType=one')]).toEqual([[], []]);

  const one = await about(image, 'first', 'one');
  expect([await ofBoth(''), await ofBoth('?artifactType=one')]).toEqual([[one.digest], [one.digest]]);
  const two = await about(elsewhere, 'second', 'two');
  const both = [one.digest, two.digest].sort();
  expect([await ofBoth(''), await ofBoth('?artifactType=one')]).toEqual([both, [one.digest]]);
  await admin.ok('DELETE', version(one));

  expect([await ofBoth(''), await ofBoth('?artifactType=one')]).toEqual([[two.digest], []]);
});
