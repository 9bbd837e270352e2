import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ImageClient } from '../../../server/testing/oci.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

const IMAGE = 'localhost:8080/us-central1-docker/my-project/images/app';

let registry: TestRegistry;
let admin: Person;
const digests: string[] = [];
/** The tag `latest` of three images, a minute each. */
beforeAll(async () => {
  registry = await TestRegistry.start();
  admin = await registry.admin();
  const { server } = registry;
  const image = new ImageClient(server, 'us-central1-docker/my-project/images/app');
  for (const seed of ['one', 'two', 'three']) {
    digests.push((await image.image('latest', seed)).digest);
    server.clock.advance(60_000);
  }
  await image.image('other', 'one');
});
afterAll(() => registry[Symbol.asyncDispose]());

const history = (line: string): Promise<string> =>
  admin.done(
    `artifacts docker tags history ${line} --format=csv[no-heading](tag.basename(),type,version.basename())`,
  );

describe('artifacts docker tags history', () => {
  it('shows what happened to a tag, newest first', async () => {
    const table = await admin.done(`artifacts docker tags history ${IMAGE}:latest`);
    const [heading, ...rows] = table.trim().split('\n');
    expect(heading?.split(/\s+/)).toEqual(['TIME', 'TAG', 'EVENT', 'DIGEST', 'BY']);
    expect(rows.map((row) => row.split(/\s+/).slice(1))).toEqual([
      ['latest', 'MOVED', digests[2] ?? '', 'user:admin'],
      ['latest', 'MOVED', digests[1] ?? '', 'user:admin'],
      ['latest', 'CREATED', digests[0] ?? '', 'user:admin'],
    ]);
  });

  it('shows all tags of an image', async () => {
    expect((await history(IMAGE)).split('\n')[0]).toBe(`other,CREATED,${digests[0]}`);
    expect((await history(`${IMAGE} --limit=2`)).trim().split('\n')).toHaveLength(2);
  });

  it.each([
    [`${IMAGE}@sha256:${'0'.repeat(64)}`, 2, 'images do not change'],
    ['localhost:8080/us-central1-docker/my-project/images', 2, 'names a repository'],
    [`${IMAGE}:never`, 3, 'never'],
  ])('of %s is refused', async (image, exit, words) => {
    const ran = await admin.run(`artifacts docker tags history ${image}`);
    expect(ran.exit).toBe(exit);
    expect(ran.stderr).toContain(words);
  });
});

describe('artifacts docker tags rollback', () => {
  it('goes back by one, to a digest and to a time', async () => {
    const back = await admin.run(`artifacts docker tags rollback ${IMAGE}:latest`);
    expect(back).toMatchObject({ exit: 0, stderr: `Tag [${IMAGE}:latest] is at [${digests[1]}] again.\n` });
    await admin.done(`artifacts docker tags rollback ${IMAGE}:latest --to=${digests[0]}`);
    expect((await history(`${IMAGE}:latest`)).split('\n')[0]).toBe(`latest,MOVED,${digests[0]}`);
    await admin.done(`artifacts docker tags rollback ${IMAGE}:latest --as-of=2026-03-01T12:01:30Z`);
    expect((await history(`${IMAGE}:latest`)).split('\n')[0]).toBe(`latest,MOVED,${digests[1]}`);
  });

  it.each([
    [IMAGE, 2, 'names no tag'],
    [`${IMAGE}:latest --to=one`, 2, '[one] is not a digest'],
    [`${IMAGE}:latest --as-of=yesterday`, 2, '[yesterday] is not a time'],
    [`${IMAGE}:latest --as-of=2026-03-01T12:00:00Z --to=sha256:0`, 2, 'exclude each other'],
    [`${IMAGE}:latest --as-of=2020-03-01T12:00:00Z`, 5, 'was not there at'],
    [`${IMAGE}:other`, 5, 'named nothing else before'],
    [`${IMAGE}:never`, 3, 'never'],
  ])('%s is refused', async (line, exit, words) => {
    const ran = await admin.run(`artifacts docker tags rollback ${line}`);
    expect([ran.exit, ran.stderr]).toEqual([exit, expect.stringContaining(words)]);
  });
});

const shown = async (repository: string): Promise<unknown> =>
  JSON.parse(await admin.done(`artifacts repositories describe ${repository} --format=json(dockerConfig)`));

describe('patterns of immutable tags', () => {
  const AT = '--project=my-project --location=us-central1';

  it('are set, changed and cleared', async () => {
    await admin.done(
      `artifacts repositories create apps ${AT} --repository-format=docker --immutable-tag-patterns=v*,release-*`,
    );
    const dockerConfig = { immutableTags: true, immutableTagPatterns: ['v*', 'release-*'] };
    expect(await shown(`apps ${AT}`)).toEqual({ dockerConfig });
    await admin.done(`artifacts repositories update apps ${AT} --immutable-tag-patterns=v*`);
    expect(await shown(`apps ${AT}`)).toEqual({
      dockerConfig: { ...dockerConfig, immutableTagPatterns: ['v*'] },
    });
    await admin.done(`artifacts repositories update apps ${AT} --clear-immutable-tag-patterns`);
    expect(await shown(`apps ${AT}`)).toEqual({ dockerConfig: { immutableTags: true } });
    await admin.done(`artifacts repositories update apps ${AT} --immutable-tag-patterns=v*`);
    await admin.done(
      `artifacts repositories update apps ${AT} --no-immutable-tags --clear-immutable-tag-patterns`,
    );
    expect(await shown(`apps ${AT}`)).toEqual({ dockerConfig: { immutableTags: false } });
  });

  it.each([
    ['--immutable-tag-patterns=v* --clear-immutable-tag-patterns', 2, 'exclude each other'],
    ['--immutable-tag-patterns=v* --no-immutable-tags', 2, 'leaves nothing'],
    ['--immutable-tag-patterns=', 2, 'names no pattern'],
    ['--immutable-tag-patterns=v?', 1, 'write 1 to 128 characters of tags, with * for any text'],
  ])('%s is refused', async (flags, exit, words) => {
    const ran = await admin.run(`artifacts repositories update images ${AT} ${flags}`);
    expect([ran.exit, ran.stderr]).toEqual([exit, expect.stringContaining(words)]);
  });
});
