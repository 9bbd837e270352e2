import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ImageClient } from '../../../server/testing/oci.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

const DAY = 86_400_000;

let registry: TestRegistry;
let admin: Person;
let image: ImageClient;
beforeAll(async () => {
  registry = await TestRegistry.start({}, ['--gc-lease', '1h', '--gc-grace', '0s', '--gc-sweep-delay', '0s']);
  const { server } = registry;
  // The database's own clock is the real one.
  server.clock.advance(Math.max(0, Date.now() - server.clock.now()));
  admin = await registry.admin();
  image = new ImageClient(server, 'us-central1-docker/my-project/images/app');
  await image.image('v1');
});
afterAll(() => registry[Symbol.asyncDispose]());

const run = (line: string) => admin.run(['storage', ...line.split(' ')]);

describe('storage gc', () => {
  it('says what would go, lets it go, and tells of it', async () => {
    const { digest } = await image.blob('nobody came to use it');
    registry.server.clock.advance(DAY);
    const person = await registry.admin();
    const storage = async (line: string) => {
      const { exit, stdout, stderr } = await person.run(['storage', ...line.split(' '), '--format=json']);
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
      return JSON.parse(stdout);
    };

    expect(await storage('gc run --dry-run')).toMatchObject({ dryRun: true, filesRemoved: '1' });
    expect((await image.send('HEAD', `blobs/${digest}`)).status).toBe(200);

    registry.server.clock.advance(DAY);
    const done = await storage('gc run --wait --force');
    expect(done).toMatchObject({ filesRemoved: '1', freed: { blobs: '1', sizeBytes: '21' } });
    let state = await storage('gc describe');
    // What it does by itself goes on for a moment.
    while (state.running) state = await storage('gc describe');
    expect(state).toMatchObject({ running: false, lastRun: { id: done.id } });
    expect(await storage(`explain ${digest}`)).toMatchObject({ references: [], freed: { sizeBytes: '21' } });
    expect((await image.send('HEAD', `blobs/${digest}`)).status).toBe(404);
  });

  it('begins without waiting, and says where to look', async () => {
    const person = await registry.admin();
    const answer = await person.run(['storage', 'gc', 'run']);
    expect([answer.exit, answer.stderr]).toEqual([0, expect.stringContaining('storage gc describe')]);
  });

  it.each(['gc run --dry-run --wait', 'gc run --dry-run --force'])('refuses %s', async (line) => {
    const answer = await run(line);
    expect([answer.exit, answer.stderr]).toEqual([2, expect.stringContaining('--dry-run goes with neither')]);
  });

  it('is for those who may', async () => {
    await registry.server.account('ann');
    const ann = await registry.login('ann');
    for (const line of ['gc run', 'gc describe', `explain sha256:${'0'.repeat(64)}`]) {
      const answer = await ann.run(['storage', ...line.split(' ')]);
      expect([answer.exit, answer.stderr]).toEqual([4, expect.stringContaining('entrepot.storage.')]);
    }
  });
});

describe('storage explain', () => {
  it('shows who needs some contents', async () => {
    const person = await registry.admin();
    const layer = await image.blob('layer of v1');
    const answer = await person.run(['storage', 'explain', layer.digest, '--format=json']);
    expect([answer.exit, answer.stdout]).toEqual([0, expect.stringContaining('app/blobs')]);
  });

  it('says so of what is not there, and refuses what is no digest', async () => {
    const person = await registry.admin();
    const absent = await person.run(['storage', 'explain', `sha256:${'0'.repeat(64)}`]);
    expect([absent.exit, absent.stdout]).toEqual([0, expect.stringContaining('It is not stored here')]);
    const none = await person.run(['storage', 'explain', 'latest']);
    expect([none.exit, none.stderr]).toEqual([1, expect.stringContaining('write the digest as sha256:')]);
  });
});
