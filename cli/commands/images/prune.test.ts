import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import type { TestServer } from '../../../server/testing/harness.ts';
import { type Descriptor, ImageClient, INDEX } from '../../../server/testing/oci.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

let registry: TestRegistry;
let server: TestServer;
let admin: Person;
let image: ImageClient;
let kept: readonly Descriptor[];
let loose: Descriptor;
let orphans: readonly Descriptor[];
beforeAll(async () => {
  registry = await TestRegistry.start();
  ({ server } = registry);
  admin = await registry.admin();
  image = new ImageClient(server, 'us-central1-docker/my-project/images/team/app');
  const tagged = await image.image('v1');
  const child = await untagged('child');
  const index = await image.push('list', indexOf(child), INDEX);
  const signature = await untagged('signature', { subject: tagged });
  kept = [tagged, child, index, signature];
  loose = await untagged('loose');
  const part = await untagged('part of nothing with a tag');
  orphans = [await untagged('its index', {}, indexOf(part)), part];
  server.clock.advance(2 * 3_600_000);
  await untagged('just pushed');
  server.clock.advance(60_000);
});
afterAll(() => registry[Symbol.asyncDispose]());

const indexOf = (...manifests: readonly Descriptor[]): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });
async function untagged(seed: string, more: object = {}, index?: string): Promise<Descriptor> {
  const document = index ?? (await image.document(seed, more));
  const digest = `sha256:${new Bun.CryptoHasher('sha256').update(document).digest('hex')}`;
  return image.push(digest, document, ...(index === undefined ? [] : [INDEX]));
}
const run = (line: string, script: Parameters<Person['run']>[1] = {}) =>
  admin.run(
    [...line.split(' '), '--project=my-project', '--location=us-central1', '--repository=images'],
    script,
  );
const PRUNE = 'artifacts docker images prune';
const listed = async (line: string): Promise<readonly string[]> =>
  JSON.parse((await run(`${line} --format=json`)).stdout).map(
    ({ versionId }: { versionId: string }) => versionId,
  );
const dangling = () => new Set([loose, ...orphans].map(({ digest }) => digest));
const isThere = async ({ digest }: Descriptor) =>
  (await image.send('HEAD', `manifests/${digest}`)).status === 200;

describe('pruning', () => {
  it('lists what no tag names and nothing with a tag needs, and is not just being pushed', async () => {
    expect(new Set(await listed(`${PRUNE} --dry-run`))).toEqual(dangling());
    expect(await listed(`${PRUNE} --dry-run --older-than=3h`)).toEqual([]);
    expect(await listed(`${PRUNE} --dry-run --older-than=1s`)).toHaveLength(4);
    expect(
      await listed(`${PRUNE} localhost:8080/us-central1-docker/my-project/images/other --dry-run`),
    ).toEqual([]);
    expect(await isThere(loose)).toBe(true);
  });

  it('deletes nothing when it is not confirmed, and all of it when it is', async () => {
    const declined = await run(PRUNE, { terminal: true, input: 'n\n' });
    expect(declined.exit).not.toBe(0);
    expect(await isThere(loose)).toBe(true);

    const done = await run(PRUNE, { terminal: true, input: 'y\n' });
    expect({ exit: done.exit, stderr: done.stderr }).toEqual({
      exit: 0,
      stderr: expect.stringContaining('Deleted images: [3].'),
    });
    for (const each of [loose, ...orphans]) expect(await isThere(each)).toBe(false);
    for (const each of kept) expect(await isThere(each)).toBe(true);
    expect((await run(PRUNE)).stderr).toContain('Dangling images: [0].');
  });
});
