import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { ApiCaller, type Json, LOCATION } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { type Descriptor, digestOf, ImageClient, MANIFEST, refusal } from '../testing/oci.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

let made = 0;
const fresh = (dockerConfig?: object): Promise<string> => {
  made += 1;
  return admin.repository(`kept${made}`, dockerConfig && { dockerConfig });
};
const RELEASES = { immutableTags: true, immutableTagPatterns: ['v*', 'release-*'] };

describe('patterns of immutable tags', () => {
  it('are shown as they were set, and not at all where there are none', async () => {
    expect((await admin.get(await fresh(RELEASES))).dockerConfig).toEqual(RELEASES);
    const { dockerConfig } = await admin.get(await fresh({ immutableTags: true, immutableTagPatterns: [] }));
    expect(dockerConfig).toEqual({ immutableTags: true });
    expect(await admin.get(await fresh())).not.toHaveProperty('dockerConfig');
    const twice = await fresh({ immutable_tags: true, immutable_tag_patterns: ['v*', 'v*'] });
    expect((await admin.get(twice)).dockerConfig.immutableTagPatterns).toEqual(['v*']);
  });

  const masks: readonly (readonly [says: string, mask: string | undefined, config: Json, after: Json])[] = [
    [
      'alone',
      'dockerConfig.immutableTagPatterns',
      { immutableTagPatterns: ['x'] },
      { ...RELEASES, immutableTagPatterns: ['x'] },
    ],
    [
      'in snake case',
      'docker_config.immutable_tag_patterns',
      { immutable_tag_patterns: ['x'] },
      { ...RELEASES, immutableTagPatterns: ['x'] },
    ],
    ['away', 'dockerConfig.immutableTagPatterns', {}, { immutableTags: true }],
    ['not with their neighbour', 'dockerConfig.immutableTags', { immutableTags: true }, RELEASES],
    [
      'away when tags become mutable',
      'dockerConfig.immutableTags',
      { immutableTags: false },
      { immutableTags: false },
    ],
    ['away with all of it', 'dockerConfig', undefined, undefined],
    ['away by a client that knows none', 'dockerConfig', { immutableTags: true }, { immutableTags: true }],
    ['not by another field', 'description', undefined, RELEASES],
    ['as they are, without a mask', undefined, RELEASES, RELEASES],
  ];
  it.each(masks)('are changed %s', async (_, mask, dockerConfig, after) => {
    const name = await fresh(RELEASES);
    const query = mask === undefined ? '' : `?updateMask=${mask}`;
    const answer = await admin.ok('PATCH', `${name}${query}`, { dockerConfig });
    expect(answer.dockerConfig).toEqual(after);
    expect((await admin.get(name)).dockerConfig).toEqual(after);
  });

  const wrong: readonly (readonly [says: string, config: Json, words: string])[] = [
    ['without immutable tags', { immutableTagPatterns: ['v*'] }, 'set immutableTags to true'],
    [
      'that are too many',
      { ...RELEASES, immutableTagPatterns: Array.from({ length: 21 }, (_, at) => `v${at}`) },
      'at most 20',
    ],
    ['that are empty', { ...RELEASES, immutableTagPatterns: [''] }, '1 to 128 characters'],
    ['that are too long', { ...RELEASES, immutableTagPatterns: ['v'.repeat(129)] }, '1 to 128 characters'],
    ['with a question mark', { ...RELEASES, immutableTagPatterns: ['v?'] }, '"v?" is no pattern of tags'],
    ['with a class', { ...RELEASES, immutableTagPatterns: ['v[0-9]'] }, 'with * for any text'],
    ['with a space', { ...RELEASES, immutableTagPatterns: ['v *'] }, 'with * for any text'],
    ['that are no words', { ...RELEASES, immutableTagPatterns: [7] }, 'TYPE_STRING'],
    ['that are no list', { ...RELEASES, immutableTagPatterns: 'v*' }, 'immutable_tag_patterns'],
  ];
  it.each(wrong)('are refused %s', async (_, dockerConfig, words) => {
    const path = `${LOCATION}/repositories?repositoryId=never`;
    const body = { format: 'DOCKER', dockerConfig };
    const answer = await admin.refused('POST', path, body);
    expect(answer).toMatchObject({ status: 400, code: 'INVALID_ARGUMENT' });
    expect(answer.message).toContain(words);
    const name = await fresh(RELEASES);
    expect(await admin.refused('PATCH', `${name}?updateMask=dockerConfig`, { dockerConfig })).toMatchObject({
      status: 400,
      message: answer.message,
    });
    expect((await admin.get(name)).dockerConfig).toEqual(RELEASES);
  });
});

async function tagsOf(pkg: string): Promise<ReadonlyMap<string, string>> {
  const { tags = [] } = await admin.get(`${pkg}/tags`);
  return new Map(tags.map((tag: Json) => [tag.name, tag.version]));
}

describe('a repository where v* and release-* are immutable', () => {
  let name: string;
  let image: ImageClient;
  let first: Descriptor;
  let other: Descriptor;
  beforeEach(async () => {
    const repository = await fresh(RELEASES);
    name = `${repository}/packages/app`;
    image = new ImageClient(server, `us-central1-docker/my-project/kept${made}/app`);
    const document = await image.document('first');
    first = await image.push('v1', document);
    for (const tag of ['latest', 'V1', 'release-7']) await image.push(tag, document);
    other = await image.image('other', 'other');
  });
  const version = ({ digest }: Descriptor): string => `${name}/versions/${digest}`;
  const REFUSED = { status: 400, code: 'FAILED_PRECONDITION', reason: 'IMMUTABLE_TAG' };

  it.each(['v1', 'release-7'])('holds %s through every door', async (tag) => {
    const document = await image.document('second');
    const { message } = await refusal(await image.put(tag, document), 403, 'DENIED');
    expect(message).toBe(
      `tag ${tag} cannot be moved or removed: the repository has immutable tags, and this is one; use a new tag`,
    );
    await refusal(await image.send('DELETE', `manifests/${tag}`), 403, 'DENIED');
    await refusal(await image.send('DELETE', `manifests/${first.digest}`), 403, 'DENIED');
    const to = { version: version(other) };
    expect(await admin.refused('PATCH', `${name}/tags/${tag}?updateMask=version`, to)).toMatchObject(REFUSED);
    expect(await admin.refused('DELETE', `${name}/tags/${tag}`)).toMatchObject(REFUSED);
    expect(await admin.refused('DELETE', version(first))).toMatchObject({ reason: 'VERSION_TAGGED' });
    expect(await admin.refused('DELETE', `${version(first)}?force=true`)).toMatchObject(REFUSED);
    expect(await admin.refused('DELETE', name)).toMatchObject(REFUSED);
    const { metadata } = await admin.ok('POST', `${name}/versions:batchDelete`, { names: [version(first)] });
    expect(metadata.failedVersions).toEqual([version(first)]);

    expect(await admin.get(`${name}/tags/${tag}`)).toMatchObject({ version: version(first) });
  });

  it.each(['latest', 'V1'])('lets %s move and go', async (tag) => {
    await image.push(tag, await image.document('second'));
    await admin.ok('PATCH', `${name}/tags/${tag}?updateMask=version`, { version: version(other) });
    await admin.ok('DELETE', `${name}/tags/${tag}`);
  });

  it('takes the same image again, new tags, and deletes what none of them names', async () => {
    const document = await image.document('first');
    expect((await image.put('v1', document)).status).toBe(201);
    expect((await image.put('v2', document)).status).toBe(201);
    await admin.ok('DELETE', `${version(other)}?force=true`);
  });

  it('holds what comes under new patterns, and no more what leaves them', async () => {
    const repository = name.slice(0, name.indexOf('/packages/'));
    await admin.ok('PATCH', `${repository}?updateMask=dockerConfig.immutableTagPatterns`, {
      dockerConfig: { immutableTagPatterns: ['late*'] },
    });
    await admin.ok('DELETE', `${name}/tags/v1`);
    expect(await admin.refused('DELETE', `${name}/tags/latest`)).toMatchObject(REFUSED);
    await admin.ok('PATCH', `${repository}?updateMask=dockerConfig.immutableTagPatterns`, {});
    expect(await admin.refused('DELETE', `${name}/tags/V1`)).toMatchObject(REFUSED);
  });

  const operation = fc.record({
    kind: fc.constantFrom(
      'push',
      'push',
      'push',
      'patch',
      'rollback',
      'untag',
      'remove',
      'delete',
      'batch',
      'package',
    ),
    tag: fc.constantFrom('v1', 'v2', 'latest', 'release-7', 'V1'),
    word: fc.constantFrom('first', 'other', 'third'),
  });
  it('never loses or moves what they match, whatever is done in whatever order', async () => {
    const documents = new Map<string, string>();
    for (const word of ['first', 'other', 'third']) documents.set(word, await image.document(word));
    const target = (word: string): string =>
      version({ ...first, digest: digestOf(documents.get(word) ?? '') });
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 12 }), async (operations) => {
        for (const { kind, tag, word } of operations) {
          const before = await tagsOf(name);
          const path = `${name}/tags/${tag}`;
          const to = { version: target(word) };
          if (kind === 'push') await image.put(tag, documents.get(word) ?? '');
          if (kind === 'patch') await admin.send('PATCH', `${path}?updateMask=version`, to);
          if (kind === 'rollback') await admin.send('POST', `${path}:rollback`, {});
          if (kind === 'untag') await image.send('DELETE', `manifests/${tag}`);
          if (kind === 'remove') await admin.send('DELETE', path);
          if (kind === 'delete') await admin.send('DELETE', `${to.version}?force=true`);
          if (kind === 'batch')
            await admin.send('POST', `${name}/versions:batchDelete`, {
              names: [...documents.keys()].map(target),
            });
          if (kind === 'package') await admin.send('DELETE', name);
          const after = await tagsOf(name);
          for (const [held, at] of before)
            if (/\/tags\/(v|release-)/.test(held)) expect([held, after.get(held)]).toEqual([held, at]);
        }
      }),
      { numRuns: 20 },
    );
  }, 30_000);

  it('lets exactly one of many have a new tag', async () => {
    const documents = await Promise.all(Array.from({ length: 20 }, (_, at) => image.document(`rival ${at}`)));
    const answers = await Promise.all(documents.map((document) => image.put('v9', document, MANIFEST)));
    const statuses = Map.groupBy(answers, ({ status }) => status);
    expect([statuses.get(201)?.length, statuses.get(403)?.length]).toEqual([1, 19]);
    const winner = answers.find(({ status }) => status === 201)?.headers.get('docker-content-digest');
    expect((await admin.get(`${name}/tags/v9`)).version).toBe(`${name}/versions/${winner}`);
  });
});

it('needs no pattern where all tags are immutable', async () => {
  await fresh({ immutableTags: true });
  const image = new ImageClient(server, `us-central1-docker/my-project/kept${made}/app`);
  await image.image('latest');
  await refusal(await image.send('DELETE', 'manifests/latest'), 403, 'DENIED');
});
