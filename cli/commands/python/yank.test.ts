import { afterAll, beforeAll, expect, it } from 'bun:test';
import { fieldsOf, PythonClient, sdist, sdistName, wheelName } from '../../../server/testing/python.ts';
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

it('yanks one file of a version, and takes it back', async () => {
  const wheel = wheelName({ name: 'demo', version: '2.0' });
  const source = await sdist({ name: 'demo', version: '2.0' });
  await client.upload(sdistName({ name: 'demo', version: '2.0' }), source, {
    ...fieldsOf({ name: 'demo', version: '2.0' }, source),
    filetype: 'sdist',
  });
  const byName = async () =>
    Object.fromEntries(
      (await client.project('demo')).files.map(
        ({ filename, yanked: why }: { filename: string; yanked: unknown }) => [filename, why],
      ),
    );
  const archive = sdistName({ name: 'demo', version: '2.0' });

  const { exit, stderr } = await run(
    `artifacts python yank 2.0 ${inWheels} --file=${wheel}`,
    '--reason=crashes',
  );
  expect({ exit, stderr }).toEqual({
    exit: 0,
    stderr: expect.stringContaining(`Yanked [${wheel}] of version [2.0].`),
  });
  expect(await byName()).toMatchObject({ [wheel]: 'crashes', [archive]: false });

  await run(`artifacts python yank 2.0 ${inWheels} --file=${archive}`);
  expect(await byName()).toMatchObject({ [wheel]: 'crashes', [archive]: true });
  await run(`artifacts python unyank 2.0 ${inWheels} --file=${wheel}`);
  expect(await byName()).toMatchObject({ [wheel]: false, [archive]: true });
  await run(`artifacts python unyank 2.0 ${inWheels}`);
  expect(await byName()).toMatchObject({ [wheel]: false, [archive]: false });

  const wrong = await run(`artifacts python yank 2.0 ${inWheels} --file=demo-9.whl`);
  expect(wrong).toMatchObject({ exit: 1, stderr: expect.stringContaining('has no file "demo-9.whl"') });
});

it('says that a version is not there', async () => {
  const { exit, stderr } = await run(`artifacts python yank 9.0 ${inWheels}`);
  expect({ exit, stderr }).toEqual({ exit: 3, stderr: expect.stringContaining('version 9.0') });
});
