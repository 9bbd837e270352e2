import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { ApiCaller, IMAGES, type Json } from './testing/api.ts';
import { asOfText } from './testing/as-of.ts';
import { TestServer } from './testing/harness.ts';
import { Members } from './testing/members.ts';
import { descriptorOf, freshImage, ImageClient, INDEX, MANIFEST, refusal } from './testing/oci.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let server: TestServer;
let admin: ApiCaller;
let members: Members;
beforeAll(async () => {
  server = await TestServer.start(['--tag-history-retention', '100d', '--trash-retention', '7d']);
  admin = new ApiCaller(server);
  members = new Members(server);
});
afterAll(() => server[Symbol.asyncDispose]());

/** An image of the same name in its repository as it was. */
const past = ({ name }: ImageClient, at: number): ImageClient => {
  const parts = name.split('/');
  return new ImageClient(server, [...parts.slice(0, 3), asOfText(at), ...parts.slice(3)].join('/'));
};
/** A time after which everything that is done is later. */
function moment(): number {
  const at = server.clock.now();
  server.clock.advance(HOUR);
  return at;
}
const pulled = async (image: ImageClient, reference: string): Promise<string> => {
  const answer = await image.send('GET', `manifests/${reference}`);
  return answer.status === 200 ? (answer.headers.get('docker-content-digest') ?? '') : String(answer.status);
};
const listed = async (image: ImageClient, query = ''): Promise<Json> =>
  (await image.send('GET', `tags/list${query}`)).json();

let image: ImageClient;
beforeEach(() => {
  image = freshImage(server);
  server.clock.advance(HOUR);
});

const purge = () => server.database.transaction((tx) => tx.deleteFrom('deleted_version').execute());

describe('an image as it was', () => {
  test('is what its tags named then', async () => {
    const one = await image.image('latest', 'one');
    await image.image('gone', 'gone');
    const first = moment();
    const two = await image.image('latest', 'two');
    await image.image('v2', 'two');
    await admin.ok('DELETE', `${IMAGES}/packages/${image.name.split('/').at(-1)}/tags/gone`);
    const second = moment();
    await image.image('latest', 'three');

    expect(await pulled(past(image, first), 'latest')).toBe(one.digest);
    expect(await pulled(past(image, second), 'latest')).toBe(two.digest);
    expect(await pulled(past(image, first), 'v2')).toBe('404');
    expect(await pulled(past(image, second), 'gone')).toBe('404');
    expect((await listed(past(image, first))).tags).toEqual(['gone', 'latest']);
    expect((await listed(past(image, second))).tags).toEqual(['latest', 'v2']);
    expect((await listed(past(image, second), '?n=1')).tags).toEqual(['latest']);
    expect((await listed(past(image, second), '?n=1&last=latest')).tags).toEqual(['v2']);
    expect(Object.keys((await listed(past(image, first))).manifest)).toHaveLength(2);
    expect((await listed(past(image, second))).manifest[two.digest].tag).toEqual(['latest', 'v2']);
  });

  test('has the digests and layers that were there', async () => {
    const one = await image.image('latest', 'one');
    const at = moment();
    const two = await image.image('latest', 'two');

    expect(await pulled(past(image, at), one.digest)).toBe(one.digest);
    expect(await pulled(past(image, at), two.digest)).toBe('404');
    const manifest = (await (await past(image, at).send('GET', 'manifests/latest')).json()) as Json;
    for (const { digest } of [manifest.config, ...manifest.layers])
      expect((await past(image, at).send('GET', `blobs/${digest}`)).status).toBe(200);
  });

  test('is there also where it was deleted and pushed again', async () => {
    const child = await image.push(
      descriptorOf(MANIFEST, await image.document('child')).digest,
      await image.document('child'),
    );
    const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [child] });
    const { digest } = await image.push('multi', index, INDEX);
    const at = moment();
    for (const each of [digest, child.digest])
      expect((await image.send('DELETE', `manifests/${each}`)).status).toBe(202);
    await purge();
    expect(await pulled(past(image, at), 'multi')).toBe('404');
    await image.push(child.digest, await image.document('child'));
    await image.push('other', index, INDEX);

    expect(await pulled(past(image, at), 'multi')).toBe(digest);
    expect(await pulled(past(image, at), digest)).toBe(digest);
    expect(await pulled(past(image, at), child.digest)).toBe(child.digest);
    expect(await pulled(past(image, at), 'other')).toBe('404');
  });

  test('is there while the trash has it, restored or not, and then no more, which the refusal says', async () => {
    const child = await image.image('child');
    const other = await image.image('other');
    const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [child] });
    const { digest } = await image.push('multi', index, INDEX);
    const at = moment();
    const reads = ['multi', digest, child.digest, 'child', 'other', other.digest];
    const all = async () => Promise.all(reads.map((each) => pulled(past(image, at), each)));
    const tags = async () => (await past(image, at).send('GET', 'tags/list')).json();
    const before = [await all(), await tags()];
    for (const each of [digest, child.digest])
      expect((await image.send('DELETE', `manifests/${each}`)).status).toBe(202);
    server.clock.advance(HOUR);
    expect([await all(), await tags()]).toEqual(before);
    await image.push('multi', index.replace('{', '{ '), INDEX).catch(() => undefined);
    expect([await all(), await tags()]).toEqual(before);

    const { deletedVersions } = await admin.get(`${IMAGES}/deletedVersions`);
    const entry = deletedVersions.find((each: Json) => JSON.stringify(each).includes(child.digest));
    await admin.ok('POST', `${entry.name}:undelete`, {});
    expect([await all(), await tags()]).toEqual(before);

    await purge();
    expect(await all()).toEqual(['404', '404', child.digest, child.digest, other.digest, other.digest]);
    const { message } = await refusal(
      await past(image, at).send('GET', 'manifests/multi'),
      404,
      'MANIFEST_UNKNOWN',
    );
    expect(message).toContain('was deleted and has been purged from the trash');
  });

  test('is not there before it was', async () => {
    const at = moment();
    await image.image('latest');
    expect(await pulled(past(image, at), 'latest')).toBe('404');
    await refusal(await past(image, at).send('GET', 'tags/list'), 404, 'NAME_UNKNOWN');
    const root = new ImageClient(server, image.name.split('/').slice(0, 3).join('/'));
    const child = image.name.split('/').at(-1);
    const then = await server.send('GET', `/v2/${root.name}/${asOfText(at)}/tags/list`);
    const now = await server.send('GET', `/v2/${root.name}/tags/list`);
    expect(((await then.json()) as Json).child).not.toContain(child);
    expect(((await now.json()) as Json).child).toContain(child);
  });

  test('refers to what referred to it then', async () => {
    const subject = await image.image('v1');
    const signature = await image.document('signature', { subject });
    const at = moment();
    await image.push(descriptorOf(MANIFEST, signature).digest, signature);
    const count = async (client: ImageClient) =>
      ((await (await client.send('GET', `referrers/${subject.digest}`)).json()) as Json).manifests.length;
    expect([await count(past(image, at)), await count(image)]).toEqual([0, 1]);
  });

  test('is known by what stays of the history of its tags', async () => {
    const { digest } = await image.image('old');
    const at = moment();
    server.clock.advance(50 * DAY);
    const { digest: moved } = await image.image('old', 'moved');
    await server.database.transaction((tx) => tx.deleteFrom('tag_event').where('at', '<=', at).execute());
    expect(await pulled(past(image, at), 'old')).toBe(digest);
    await server.database.transaction((tx) => tx.deleteFrom('tag_event').execute());
    // Nothing tells that it ever was another.
    expect(await pulled(past(image, at), 'old')).toBe(moved);
  });

  test('is answered to be asked for again, and not changed by being asked', async () => {
    const { digest } = await image.image('latest');
    const at = moment();
    const byTag = await past(image, at).send('GET', 'manifests/latest');
    expect(byTag.headers.get('cache-control')).toBe('private, no-cache');
    expect(byTag.headers.get('etag')).toBe(`"${digest}"`);
    const again = await past(image, at).send('GET', 'manifests/latest', {
      headers: { 'if-none-match': `"${digest}"` },
    });
    expect(again.status).toBe(304);
    const byDigest = await past(image, at).send('GET', `manifests/${digest}`);
    expect(byDigest.headers.get('cache-control')).toContain('immutable');
  });
});

describe('what was takes', () => {
  test('no pushes and no deletions, and says so', async () => {
    const { digest } = await image.image('latest');
    const at = moment();
    const document = await image.document('more');
    const words = 'which takes no changes; leave the time out of the address';
    for (const answer of [
      await past(image, at).put('latest', document),
      await past(image, at).send('POST', 'blobs/uploads/'),
      await past(image, at).send('DELETE', `manifests/${digest}`),
    ])
      expect((await refusal(answer, 405, 'UNSUPPORTED')).message).toContain(words);
    expect(await pulled(image, 'latest')).toBe(digest);
    const mounted = await image.send('POST', `blobs/uploads/?mount=${digest}&from=${past(image, at).name}`);
    expect(mounted.status).toBe(202);
  });

  test('the rights that the repository takes', async () => {
    await image.image('latest');
    const at = moment();
    const path = 'manifests/latest';
    const nobody = await past(image, at).send('GET', path, { as: null });
    expect(nobody.status).toBe(401);
    expect(nobody.headers.get('www-authenticate')).toContain(
      `scope="repository:${past(image, at).name}:pull"`,
    );
    const stranger = await server.account(`stranger-${at}`);
    await refusal(await past(image, at).send('GET', path, { as: stranger }), 403, 'DENIED');
    await refusal(await past(image, at).send('PUT', path, { as: stranger, body: '' }), 403, 'DENIED');
    await server.grantIf(
      IMAGES,
      'roles/artifactregistry.reader',
      `user:stranger-${at}`,
      'resource.tag == "mine"',
    );
    await image.image('mine');
    const later = moment();
    const seen = await past(image, later).send('GET', 'tags/list', { as: stranger });
    expect(((await seen.json()) as Json).tags).toEqual(['mine']);
  });

  test.each([
    ['as-of-20301131t000000z', 400, 'is no time: write as-of-YYYYMMDDtHHMMSSz'],
    ['as-of-20991231t000000z', 400, 'is still to come'],
    ['as-of-20260228t000000z', 404, 'did not exist at 2026-02-28T00:00:00.000Z'],
  ])('a time that is known of: not %s', async (segment, status, words) => {
    const [first, second, third, ...rest] = image.name.split('/');
    const at = new ImageClient(server, [first, second, third, segment, ...rest].join('/'));
    const answer = await at.send('GET', 'manifests/latest');
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(words)]);
  });

  test('no time that its history does not reach', async () => {
    const repository = await members.standard('old');
    const old = members.image(repository);
    await old.image('latest');
    const at = moment();
    server.clock.advance(100 * DAY);
    const answer = await past(old, at).send('GET', 'manifests/latest');
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('is not known any more: history is kept since'),
    ]);
  });
});

describe('of several repositories and of copies', () => {
  test('a virtual repository is its members as they were', async () => {
    const [first, second] = [await members.standard('first'), await members.standard('second')];
    const both = members.image(await members.virtual('both', [first, second]));
    const own = await members.image(second).image('latest', 'second');
    const at = moment();
    const before = await members.image(first).image('latest', 'first');
    const late = await members.standard('late');
    const three = members.image(await members.virtual('three', [late, second]));
    await members.image(late).image('later');
    expect(await pulled(past(both, at), 'latest')).toBe(own.digest);
    expect(await pulled(both, 'latest')).toBe(before.digest);
    const soon = moment();
    // A member that came later had nothing then.
    expect((await listed(past(three, soon))).tags).toEqual(['later', 'latest']);
    expect(await pulled(past(three, at), 'latest')).toBe('404');
  });

  test('a remote repository is what had been copied', async () => {
    await using away = await TestServer.start(['--allow-upstream-hosts', '127.0.0.1']);
    const source = new Members(server);
    const repository = await source.standard('source');
    const published = source.image(repository);
    using front = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => server.answer(request) });
    await server.grant(Members.named(repository), 'roles/artifactregistry.reader', 'allUsers');
    const remote = new Members(away);
    const uri = `http://127.0.0.1:${front.port}/v2/us-central1-docker/my-project/${repository}`;
    const copy = remote.image(await remote.remote('copy', uri));
    const asOf = (at: number) => {
      const parts = copy.name.split('/');
      return new ImageClient(away, [...parts.slice(0, 3), asOfText(at), ...parts.slice(3)].join('/'));
    };

    const one = await published.image('latest', 'one');
    const two = await published.image('unseen', 'two');
    expect(await pulled(copy, 'latest')).toBe(one.digest);
    const at = away.clock.now();
    away.clock.advance(DAY);
    const three = await published.image('latest', 'three');
    expect(await pulled(copy, 'latest')).toBe(three.digest);
    expect(await pulled(asOf(at), 'latest')).toBe(one.digest);
    expect(await pulled(asOf(at), three.digest)).toBe('404');
    expect(await pulled(asOf(at), two.digest)).toBe('404');
    expect((await listed(asOf(at))).tags).toEqual(['latest']);
    // Its layers were not copied by then, and are what they always were.
    const manifest = (await (await asOf(at).send('GET', 'manifests/latest')).json()) as Json;
    expect((await asOf(at).send('GET', `blobs/${manifest.layers[0].digest}`)).status).toBe(200);
  });
});
