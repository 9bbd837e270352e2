import { afterAll, beforeAll, expect, it } from 'bun:test';
import { PythonClient } from '../../../server/testing/python.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

let registry: TestRegistry;
let admin: Person;
let client: PythonClient;
beforeAll(async () => {
  registry = await TestRegistry.start();
  admin = await registry.admin();
  await run('artifacts repositories create wheels --repository-format=python');
  client = new PythonClient(registry.server, 'wheels');
  for (const version of ['1.0', '2.0']) await client.publish({ name: 'demo', version });
});
afterAll(() => registry[Symbol.asyncDispose]());

const run = (line: string, ...more: readonly string[]) =>
  admin.run([...line.split(' '), ...more, '--project=my-project', '--location=us-central1']);
const inWheels = '--package=demo --repository=wheels';
const yanked = async (): Promise<readonly unknown[]> =>
  (await client.project('demo')).files.map((file: { readonly yanked: unknown }) => file.yanked);

it('yanks a version with a reason and without, and takes it back', async () => {
  const { exit, stderr } = await run(`artifacts python yank 1.0 ${inWheels}`, '--reason=broken on Windows');
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.stringContaining('Yanked version [1.0].') });
  expect(await yanked()).toEqual(['broken on Windows', false]);

  await run(`artifacts python yank 1.0 ${inWheels}`);
  expect(await yanked()).toEqual([true, false]);

  const back = await run(`artifacts python unyank 1.0 ${inWheels}`);
  expect(back.exit).toBe(0);
  expect(await yanked()).toEqual([false, false]);
});

it('says that a version is not there', async () => {
  const { exit, stderr } = await run(`artifacts python yank 9.0 ${inWheels}`);
  expect({ exit, stderr }).toEqual({ exit: 3, stderr: expect.stringContaining('version 9.0') });
});
