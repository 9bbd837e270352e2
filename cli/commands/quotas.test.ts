import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { TestRegistry } from '../testing/registry.ts';
import type { Person } from '../testing/scripted-io.ts';

let registry: TestRegistry;
let admin: Person;
beforeAll(async () => {
  registry = await TestRegistry.start();
  admin = await registry.admin();
});
afterAll(() => registry[Symbol.asyncDispose]());

const run = (line: string) =>
  admin.run([...line.split(' '), '--project=my-project', '--location=us-central1']);
const quotaOf = async (line: string) => JSON.parse((await run(`${line} --format=json`)).stdout).quota;

describe('a quota', () => {
  it('is set with the repository, changed, and taken away', async () => {
    const created = await run(
      'artifacts repositories create kept --repository-format=docker --max-bytes=1.5GiB --max-versions=20',
    );
    expect(created.exit).toBe(0);
    const described = 'artifacts repositories describe kept';
    expect(await quotaOf(described)).toEqual({ maxBytes: '1610612736', maxVersions: '20' });

    await run('artifacts repositories update kept --max-bytes=1000 --max-versions=unlimited');
    expect(await quotaOf(described)).toEqual({ maxBytes: '1000' });
    await run('artifacts repositories update kept --description=x');
    expect(await quotaOf(described)).toEqual({ maxBytes: '1000' });
    await run('artifacts repositories update kept --max-bytes=unlimited');
    expect(await quotaOf(described)).toBeUndefined();
  });

  it('is a project’s the same way', async () => {
    expect((await run('projects create limited-3 --max-versions=7')).exit).toBe(0);
    expect(await quotaOf('projects describe limited-3')).toEqual({ maxVersions: '7' });
    const updated = await run(
      'projects update limited-3 --max-bytes=2MiB --max-versions=unlimited --name=Three',
    );
    expect([updated.exit, updated.stderr]).toEqual([0, 'Updated project [limited-3].\n']);
    expect(await quotaOf('projects describe limited-3')).toEqual({ maxBytes: '2097152' });
  });

  it.each([
    ['--max-bytes=0', '--max-bytes: [0] is not a size'],
    ['--max-bytes=10GB', '--max-bytes: [10GB] is not a size'],
    ['--max-bytes=-5', '--max-bytes: [-5] is not a size'],
    ['--max-bytes=9999999PiB', 'is not a size'],
    ['--max-versions=0', '--max-versions: [0] is not a whole number'],
    ['--max-versions=many', '--max-versions: [many] is not a whole number'],
  ])('%s is no quota', async (flag, complaint) => {
    const { exit, stderr } = await run(`artifacts repositories update images ${flag}`);
    expect(exit).toBe(2);
    expect(stderr).toContain(complaint);
  });
});
