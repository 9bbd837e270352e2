import { afterEach, beforeEach, expect, test } from 'bun:test';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';
import { freshImage } from '../../../server/testing/oci.ts';

let registry: TestRegistry;
let admin: Person;
beforeEach(async () => {
  // The scrub goes on beside the command line, which would ask again before it had its turn.
  registry = await TestRegistry.start({ sleep: () => new Promise((resolve) => setImmediate(resolve)) });
  admin = await registry.admin();
  await freshImage(registry.server).image('a');
});
afterEach(() => registry[Symbol.asyncDispose]());

test('shows how far it is, and what is damaged', async () => {
  const shown = await admin.run('scrub');
  expect(shown).toMatchObject({ exit: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^scheduled: true$/m);
  expect(shown.stdout).toMatch(/^damagedBlobs: '0'$/m);
});

test('reads everything when it is told to, and waits for the end', async () => {
  const done = await admin.run('scrub --now --wait', { terminal: true });
  expect(done.exit).toBe(0);
  expect(done.stdout).toMatch(/^lastPass:\n {2}blobs: '3'$/m);
});

test('fails when something is damaged', async () => {
  await registry.server.database.transaction((tx) =>
    tx.updateTable('blob').set({ state: 'corrupt' }).where('size', '>', 0).execute(),
  );
  const done = await admin.run('scrub --now --wait');
  expect(done).toMatchObject({ stdout: '', stderr: expect.stringContaining('3 damaged or lost, sha256:') });
  expect(done.exit).not.toBe(0);
});

test('waits only for what it began', async () => {
  expect(await admin.run('scrub --wait')).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('give both'),
  });
});
