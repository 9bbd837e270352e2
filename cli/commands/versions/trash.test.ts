import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { type Descriptor, ImageClient, INDEX } from '../../../server/testing/oci.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person, Script } from '../../testing/scripted-io.ts';

let registry: TestRegistry;
let admin: Person;
beforeAll(async () => {
  registry = await TestRegistry.start({}, ['--trash-retention', '7d']);
  admin = await registry.admin();
});
afterAll(() => registry[Symbol.asyncDispose]());

const WHERE = ['--project=my-project', '--location=us-central1', '--repository=images'];
const run = (line: string, script: Script = {}) => admin.run([...line.split(' '), ...WHERE], script);
const imageOf = (name: string) =>
  new ImageClient(registry.server, `us-central1-docker/my-project/images/${name}`);

/** An index of one image that has no tag any more, and a signature of it. */
async function signed(
  image: ImageClient,
): Promise<Readonly<Record<'child' | 'index' | 'signature', Descriptor>>> {
  const child = await image.image('child');
  const index = await image.push(
    'all',
    JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [child] }),
    INDEX,
  );
  const signature = await image.image(`${index.digest.replace(':', '-')}.sig`, 'signature');
  await image.send('DELETE', 'manifests/child');
  return { child, index, signature };
}

describe('versions that were deleted', () => {
  it('are listed, restored, and purged', async () => {
    const image = imageOf('listed');
    const { digest } = await image.image('v1');
    const { digest: other } = await image.image('v2', 'other');
    await run(`artifacts versions delete ${digest} --package=listed --delete-tags`);

    const list = await run('artifacts versions list-deleted --package=listed');
    expect(list.stdout.split('\n')[0]?.split(/ {2,}/)).toEqual([
      'PACKAGE',
      'VERSION',
      'TAGS',
      'DELETED',
      'RESTORABLE_UNTIL',
      'BY',
    ]);
    expect(list.stdout).toContain(digest);
    expect(list.stdout).toMatch(/ v1 .* user:admin$/m);

    const restored = await run(`artifacts versions undelete ${digest} --package=listed`);
    expect(restored.stderr).toContain(`Restored version [${digest}], with the tags v1.`);
    expect((await image.send('GET', 'manifests/v1')).status).toBe(200);

    await run(`artifacts versions delete ${digest} --package=listed --delete-tags`);
    await image.push('v1', await image.document('other'));
    const late = await run(`artifacts versions undelete ${digest} --package=listed`);
    expect(late.stderr).toContain('name another version by now and were left: v1');
    expect((await image.send('GET', 'manifests/v1')).headers.get('docker-content-digest')).toBe(other);

    await run(`artifacts versions delete ${digest} --package=listed`);
    const purged = await run(`artifacts versions purge ${digest} --package=listed`);
    expect(purged.stderr).toContain(`Purged version [${digest}].`);
    const again = await run(`artifacts versions undelete ${digest} --package=listed`);
    expect([again.exit, again.stderr]).toEqual([3, expect.stringContaining('is not in the trash')]);
  });

  it('are not there after a deletion for good', async () => {
    const { digest } = await imageOf('gone').image('v1');
    await run(`artifacts versions delete ${digest} --package=gone --delete-tags --permanently`);
    await imageOf('gone').image('v1', 'another');
    await run('artifacts packages delete gone --permanently');
    expect((await run('artifacts versions list-deleted --package=gone')).stdout).not.toContain('sha256:');
  });
});

describe('--cascade', () => {
  it('shows what it deletes and what stays, and deletes that', async () => {
    const image = imageOf('cascading');
    const { child, index, signature } = await signed(image);
    const line = `artifacts versions delete ${index.digest} --package=cascading --cascade`;

    const refused = await run(line);
    expect([refused.exit, refused.stderr]).toEqual([5, expect.stringContaining('--delete-tags')]);

    const { stderr } = await run(`${line} --delete-tags`);
    expect(stderr).toContain(
      [
        'To delete:',
        `- ${index.digest} (all)`,
        `- ${child.digest}: part of ${index.digest.slice(0, 19)}`,
        `- ${signature.digest} (${index.digest.replace(':', '-')}.sig): refers to ${index.digest.slice(0, 19)}`,
      ].join('\n'),
    );
    for (const { digest } of [index, child, signature])
      expect((await image.send('GET', `manifests/${digest}`)).status).toBe(404);
  });

  it('is for one version of an image, and asks before', async () => {
    const image = imageOf('asked');
    const { index } = await signed(image);
    const whole = await run(
      'artifacts docker images delete localhost:8080/us-central1-docker/my-project/images/asked --cascade',
    );
    expect([whole.exit, whole.stderr]).toEqual([
      2,
      expect.stringContaining('--cascade is about one version'),
    ]);

    const line =
      'artifacts docker images delete localhost:8080/us-central1-docker/my-project/images/asked:all --cascade';
    const stopped = await run(line, { terminal: true, input: 'n\n' });
    expect([stopped.exit, stopped.stderr]).toEqual([8, expect.stringContaining('To delete:')]);
    expect((await image.send('GET', `manifests/${index.digest}`)).status).toBe(200);

    await run(line, { terminal: true, input: 'y\n' });
    expect((await image.send('GET', `manifests/${index.digest}`)).status).toBe(404);
  });
});

describe('the time that a repository keeps what was deleted', () => {
  it('is set, shown and cleared', async () => {
    const described = async () =>
      JSON.parse((await run('artifacts repositories describe timed --format=json')).stdout);
    await run('artifacts repositories create timed --repository-format=docker --trash-retention=30d');
    expect((await described()).trashRetention).toBe('2592000s');
    await run('artifacts repositories update timed --trash-retention=0s');
    expect((await described()).trashRetention).toBe('0s');
    await run('artifacts repositories update timed --clear-trash-retention');
    expect((await described()).trashRetention).toBeUndefined();
  });
});
