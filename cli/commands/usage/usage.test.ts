import { afterAll, beforeAll, expect, it } from 'bun:test';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

let registry: TestRegistry;
let admin: Person;
beforeAll(async () => {
  registry = await TestRegistry.start();
  admin = await registry.admin();
});
afterAll(() => registry[Symbol.asyncDispose]());

const run = (line: string) =>
  admin.run([...line.split(' '), '--project=my-project', '--location=us-central1']);

it('shows the repositories of a project, what they share, and what they may hold', async () => {
  await run(
    'artifacts repositories create empty --repository-format=docker --max-bytes=10GiB --max-versions=5',
  );
  await run('projects update my-project --max-bytes=2TiB');
  const { stdout, stderr, exit } = await run('artifacts usage list');
  expect(exit).toBe(0);
  expect(stderr).toMatch(/^Total: .* of 2.0 TiB in \d+ versions?\.\n/);
  const [head, ...rows] = stdout.split('\n');
  expect(head?.split(/\s+/).filter((word) => word !== '')).toEqual([
    'NAME',
    'VERSIONS',
    'SIZE',
    'SHARED',
    'UNIQUE',
    'MAX_SIZE',
    'MAX_VERSIONS',
  ]);
  expect(rows.find((row) => row.startsWith('empty'))?.split(/ {2,}/)).toEqual([
    'empty',
    '0',
    '0 B',
    '0 B',
    '0 B',
    '10.0 GiB',
    '5',
  ]);
});

it('shows projects, packages and versions', async () => {
  const json = async (line: string) => JSON.parse((await run(`${line} --format=json`)).stdout);
  expect(await json('artifacts usage list --all-projects')).toMatchObject([{ name: 'projects/my-project' }]);
  expect(await json('artifacts usage list --repository=empty')).toEqual([]);
  expect((await run('artifacts usage list app --repository=empty')).exit).not.toBe(0);
  const both = await run('artifacts usage list app --all-projects');
  expect([both.exit, both.stderr]).toEqual([2, expect.stringContaining('--all-projects shows projects')]);
});

it('is counted anew on request', async () => {
  const { stderr, exit } = await run('storage recount');
  expect([exit, stderr]).toEqual([0, 'Everything was counted right.\n']);
});
