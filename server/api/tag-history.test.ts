import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import type { ResourceName } from '../core/iam.ts';
import { ApiCaller, IMAGES, type Json, LOCATION } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { ImageClient } from '../testing/oci.ts';

const ON: ResourceName = IMAGES;
let server: TestServer;
let admin: ApiCaller;
let ann: string;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  ann = await server.account('ann', [ON]);
});
afterAll(() => server[Symbol.asyncDispose]());

let packages = 0;
let name: string;
let image: ImageClient;
const documents = new Map<string, string>();
const digests = new Map<string, string>();
/** Images `one`, `two` and `three` of a new package, none of them tagged. */
beforeEach(async () => {
  packages += 1;
  name = `${IMAGES}/packages/app${packages}`;
  image = new ImageClient(server, `us-central1-docker/my-project/images/app${packages}`);
  for (const word of ['one', 'two', 'three']) await publish(word);
});
async function publish(word: string): Promise<void> {
  const document = await image.document(word);
  const digest = `sha256:${new Bun.CryptoHasher('sha256').update(document).digest('hex')}`;
  await image.push(digest, document);
  documents.set(word, document);
  digests.set(word, digest);
}

const version = (word: string): string => `${name}/versions/${digests.get(word)}`;
const wordOf = (of: string | undefined): string =>
  [...digests].find(([, digest]) => of?.endsWith(digest))?.[0] ?? '-';
const push = (tag: string, word: string, as?: string): Promise<Response> =>
  image.send('PUT', `manifests/${tag}`, {
    body: documents.get(word) ?? '',
    headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    ...(as && { as }),
  });
const told = (events: readonly Json[] = []): readonly string[] =>
  events.map(
    ({ tag, type, previousVersion, version: now }) =>
      `${tag.slice(tag.lastIndexOf('/') + 1)} ${type} ${wordOf(previousVersion)} ${wordOf(now)}`,
  );
const historyOf = async (tag: string): Promise<readonly string[]> =>
  told((await admin.get(`${name}/tags/${tag}:history`)).events);

describe('the history of a tag', () => {
  it('tells what it named, when, and who did it', async () => {
    await push('latest', 'one');
    server.clock.advance(1_000);
    await push('latest', 'two', ann);
    server.clock.advance(1_000);
    await admin.ok('DELETE', `${name}/tags/latest`);

    const { events } = await admin.get(`${name}/tags/latest:history`);
    const now = server.clock.now();
    const at = (ago: number): string => new Date(now - ago).toISOString();
    const tag = `${name}/tags/latest`;
    expect(events).toEqual([
      { tag, type: 'REMOVED', eventTime: at(0), previousVersion: version('two'), member: 'user:admin' },
      {
        tag,
        type: 'MOVED',
        eventTime: at(1_000),
        version: version('two'),
        previousVersion: version('one'),
        member: 'user:ann',
      },
      { tag, type: 'CREATED', eventTime: at(2_000), version: version('one'), member: 'user:admin' },
    ]);
  });

  it('does not tell of what changed nothing', async () => {
    await push('latest', 'one');
    await push('latest', 'one');
    expect(await historyOf('latest')).toEqual(['latest CREATED - one']);
  });

  const ways: readonly (readonly [says: string, change: () => Promise<unknown>, told: readonly string[]])[] =
    [
      ['a tag is deleted', () => image.send('DELETE', 'manifests/a'), ['a REMOVED one -']],
      [
        'a manifest is deleted',
        () => image.send('DELETE', `manifests/${digests.get('one')}`),
        ['b REMOVED one -', 'a REMOVED one -'],
      ],
      [
        'a version is deleted',
        () => admin.ok('DELETE', `${version('one')}?force=true`),
        ['b REMOVED one -', 'a REMOVED one -'],
      ],
      [
        'several versions are deleted',
        () => admin.ok('POST', `${name}/versions:batchDelete`, { names: [version('one')] }),
        ['b REMOVED one -', 'a REMOVED one -'],
      ],
      [
        'the API moves it',
        () => admin.ok('PATCH', `${name}/tags/a?updateMask=version`, { version: version('two') }),
        ['a MOVED one two'],
      ],
      [
        'the API makes one',
        () => admin.ok('POST', `${name}/tags?tagId=c`, { version: version('two') }),
        ['c CREATED - two'],
      ],
      [
        'a push by digest brings tags',
        () => push(`${digests.get('two')}?tag=a&tag=b`, 'two'),
        ['b MOVED one two', 'a MOVED one two'],
      ],
      ['its package is deleted', () => admin.ok('DELETE', name), ['b REMOVED one -', 'a REMOVED one -']],
    ];
  it.each(ways)('is longer when %s', async (_, change, events) => {
    await push('a', 'one');
    await push('b', 'one');
    await change();
    const all = (await admin.get(`${name}/tagHistory`)).events as readonly Json[];
    expect(told(all)).toEqual([...events, 'b CREATED - one', 'a CREATED - one']);
    expect(new Set(all.map(({ member }) => member))).toEqual(new Set(['user:admin']));
  });

  it('comes in pages, and goes with its repository', async () => {
    for (const word of ['one', 'two', 'three', 'one', 'two']) await push('latest', word);
    const { items, pages } = await admin.pages(`${name}/tags/latest:history?pageSize=2`, 'events');
    expect(told(items).map((line) => line.split(' ')[3])).toEqual(['two', 'one', 'three', 'two', 'one']);
    expect(pages).toBe(3);

    await admin.repository('short');
    await new ImageClient(server, 'us-central1-docker/my-project/short/app').image('v1');
    await admin.ok('DELETE', IMAGES.replace(/images$/, 'short'));
    const left = await server.database.read
      .selectFrom('tag_event')
      .select('id')
      .where('repository_id', 'not in', (kept) => kept.selectFrom('repository').select('id'))
      .execute();
    expect(left).toEqual([]);
  });

  it('is unknown for what never was', async () => {
    expect(await admin.refused('GET', `${name}/tags/never:history`)).toMatchObject({ status: 404 });
    expect(await admin.refused('GET', `${IMAGES}/packages/never/tagHistory`)).toMatchObject({ status: 404 });
    expect(await admin.get(`${name}/tagHistory`)).toEqual({});
  });

  it('names nobody to callers who do not say who they are', async () => {
    const open: ResourceName = `${LOCATION}/repositories/open`;
    await admin.repository('open');
    await new ImageClient(server, 'us-central1-docker/my-project/open/app').image('latest');
    await server.grant(open, 'roles/artifactregistry.reader', 'allUsers');
    const { events } = await new ApiCaller(server, null).get(`${open}/packages/app/tagHistory`);
    expect(events).toHaveLength(1);
    expect(events[0]).not.toHaveProperty('member');
  });
});

describe('the history of a package', () => {
  const operation = fc.record({
    kind: fc.constantFrom('push', 'push', 'push', 'patch', 'untag', 'delete', 'rollback', 'batch'),
    tag: fc.constantFrom('a', 'b', 'c'),
    word: fc.constantFrom('one', 'two', 'three'),
  });

  it('replayed, gives the tags there are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        for (const { kind, tag, word } of operations) {
          const to = { version: version(word) };
          if (kind === 'push') await push(tag, word);
          if (kind === 'patch') await admin.send('PATCH', `${name}/tags/${tag}?updateMask=version`, to);
          if (kind === 'untag') await image.send('DELETE', `manifests/${tag}`);
          if (kind === 'delete') await image.send('DELETE', `manifests/${digests.get(word)}`);
          if (kind === 'rollback') await admin.send('POST', `${name}/tags/${tag}:rollback`, {});
          if (kind === 'batch')
            await admin.send('POST', `${name}/versions:batchDelete`, { names: [version(word)] });
        }
        const { items } = await admin.pages(`${name}/tagHistory?pageSize=7`, 'events');
        const replayed = new Map<string, string>();
        for (const { tag, version: to, previousVersion } of items.toReversed()) {
          expect(replayed.get(tag)).toBe(previousVersion);
          if (to === undefined) replayed.delete(tag);
          else replayed.set(tag, to);
        }
        const { tags = [] } = await admin.get(`${name}/tags`);
        expect(replayed).toEqual(new Map(tags.map((tag: Json) => [tag.name, tag.version])));
        await push('a', 'one');
      }),
      { numRuns: 25 },
    );
  }, 30_000);
});

const rollback = (tag: string, body: object = {}): Promise<Json> =>
  admin.ok('POST', `${name}/tags/${tag}:rollback`, body);
const refused = (tag: string, body: object = {}) =>
  admin.refused('POST', `${name}/tags/${tag}:rollback`, body);
/** One minute each. */
async function moved(...words: readonly string[]): Promise<readonly string[]> {
  const times: string[] = [];
  for (const word of words) {
    expect((await push('latest', word)).status).toBe(201);
    times.push(new Date(server.clock.now()).toISOString());
    server.clock.advance(60_000);
  }
  return times;
}

describe('rolling a tag back', () => {
  it('takes it to what it named before its last move, and back', async () => {
    await moved('one', 'two', 'three');
    expect((await rollback('latest')).version).toBe(version('two'));
    expect(await historyOf('latest')).toContain('latest MOVED three two');
    expect((await rollback('latest')).version).toBe(version('three'));
    const pulled = await image.send('GET', 'manifests/latest');
    expect(pulled.headers.get('docker-content-digest')).toBe(digests.get('three') ?? '');
  });

  it('takes it to a version, or to what it named at a time', async () => {
    const [first = '', second = ''] = await moved('one', 'two', 'three');
    expect((await rollback('latest', { version: version('one') })).version).toBe(version('one'));
    expect((await rollback('latest', { asOf: second })).version).toBe(version('two'));
    const later = new Date(Date.parse(second) - 1).toISOString();
    expect((await rollback('latest', { as_of: later })).version).toBe(version('one'));
    expect((await rollback('latest', { asOf: first })).version).toBe(version('one'));
  });

  it('changes nothing where it is there already', async () => {
    await moved('one', 'two');
    await rollback('latest', { version: version('two') });
    expect(await historyOf('latest')).toHaveLength(2);
  });

  it('brings back what was removed', async () => {
    await moved('one', 'two');
    await admin.ok('DELETE', `${name}/tags/latest`);
    expect((await rollback('latest')).version).toBe(version('two'));
    expect((await admin.get(`${name}/tags/latest`)).version).toBe(version('two'));
  });

  it('is refused where the version is gone, and says which are still there', async () => {
    await publish('four');
    await moved('one', 'two', 'three', 'four');
    await admin.ok('DELETE', version('three'));
    const refusal = await refused('latest');
    expect(refusal).toMatchObject({ status: 400, code: 'FAILED_PRECONDITION', reason: 'VERSION_GONE' });
    expect(refusal.message).toBe(
      `tag latest cannot go back to ${digests.get('three')}, which was deleted; earlier versions that are still ` +
        `there, newest first: ${digests.get('two')}, ${digests.get('one')}`,
    );
    for (const word of ['one', 'two']) await admin.ok('DELETE', version(word));
    expect((await refused('latest')).message).toContain('none of its earlier versions is there any more');
  });

  it('is refused where tags are immutable', async () => {
    const repository = await admin.repository(`frozen${packages}`);
    const frozen = new ImageClient(server, `us-central1-docker/my-project/frozen${packages}/app`);
    await frozen.image('v1', 'first');
    await frozen.image('v1', 'second');
    await admin.ok('PATCH', `${repository}?updateMask=dockerConfig`, {
      dockerConfig: { immutableTags: true },
    });
    expect(await admin.refused('POST', `${repository}/packages/app/tags/v1:rollback`, {})).toMatchObject({
      status: 400,
      reason: 'IMMUTABLE_TAG',
    });
  });

  const wrong: readonly (readonly [says: string, body: () => object, reason: string, words: string])[] = [
    ['to what it never named', () => ({ version: version('three') }), 'NO_EARLIER_VERSION', 'never named'],
    ['to before it was', () => ({ asOf: '2020-01-01T00:00:00Z' }), 'NO_EARLIER_VERSION', 'was not there at'],
    ['to the future', () => ({ asOf: '2999-01-01T00:00:00Z' }), 'ROLLBACK_INVALID', 'is in the future'],
    ['to no time', () => ({ asOf: '2020-99-99T00:00:00Z' }), 'ROLLBACK_INVALID', 'is not a time'],
    [
      'to a version of another package',
      () => ({ version: `${IMAGES}/packages/x/versions/y` }),
      'TAG_INVALID',
      'version must be a version of',
    ],
    [
      'to two things at once',
      () => ({ version: version('one'), asOf: '2020-01-01T00:00:00Z' }),
      'ROLLBACK_INVALID',
      'exclude each other',
    ],
  ];
  it.each(wrong)('is refused %s', async (_, body, reason, words) => {
    await moved('one', 'two');
    const refusal = await refused('latest', body());
    expect(refusal).toMatchObject({ status: 400, reason });
    expect(refusal.message).toContain(words);
    expect(await historyOf('latest')).toHaveLength(2);
  });

  it('is refused for a tag that named nothing else, that was removed then, or never was', async () => {
    await push('once', 'one');
    expect((await refused('once')).message).toContain('named nothing else before');
    expect(await refused('never')).toMatchObject({ status: 404 });
    await admin.ok('DELETE', `${name}/tags/once`);
    const then = new Date(server.clock.now()).toISOString();
    expect((await refused('once', { asOf: then })).message).toContain('was removed at');
  });
});

/** Someone who may do everything but see the version `one`. */
async function bob(): Promise<ApiCaller> {
  const as = await server.account(`bob${packages}`);
  const condition = `!has(resource.version) || resource.version != "${digests.get('one')}"`;
  await server.grantIf(ON, 'roles/artifactregistry.repoAdmin', `user:bob${packages}`, condition);
  return new ApiCaller(server, as);
}

describe('rights to a part of a repository', () => {
  it('are not widened by a rollback to what one may not see', async () => {
    await push('latest', 'one');
    await push('latest', 'two');
    const caller = await bob();
    expect(await caller.refused('POST', `${name}/tags/latest:rollback`, {})).toMatchObject({
      status: 403,
    });
    await caller.ok('POST', `${name}/tags/latest:rollback`, { version: version('two') });
  });

  it('to move tags make none', async () => {
    await push('latest', 'one');
    await admin.ok('DELETE', `${name}/tags/latest`);
    const role = await admin.ok('POST', 'projects/my-project/roles', {
      roleId: `mover${packages}`,
      role: {
        title: 'Mover',
        includedPermissions: ['artifactregistry.tags.update', 'artifactregistry.versions.get'],
      },
    });
    const as = await server.account(`carol${packages}`);
    await server.grant(ON, role.name, `user:carol${packages}`);
    const refusal = await new ApiCaller(server, as).refused('POST', `${name}/tags/latest:rollback`, {});
    expect(refusal).toMatchObject({ status: 403 });
    expect(refusal.message).toContain('artifactregistry.tags.create');
  });
});
