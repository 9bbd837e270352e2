import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporary, type TestServer } from '../../../server/testing/harness.ts';
import { ImageClient } from '../../../server/testing/oci.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';
import { age } from './decisions.ts';

const DAY = 86_400_000;

let registry: TestRegistry;
let server: TestServer;
let admin: Person;
let image: ImageClient;
let file: string;
let directory: string;
beforeAll(async () => {
  directory = await temporary();
  registry = await TestRegistry.start();
  ({ server } = registry);
  image = new ImageClient(server, 'us-central1-docker/my-project/images/team/app');
  await image.image('pr-1');
  server.clock.advance(40 * DAY);
  admin = await registry.admin();
  await image.image('v1');
  await image.push(`sha256:${hash(await image.document('loose'))}`, await image.document('loose'));
  file = join(directory, 'policy.json');
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const hash = (document: string): string => new Bun.CryptoHasher('sha256').update(document).digest('hex');

const run = (line: string) =>
  admin.run([...line.split(' '), '--project=my-project', '--location=us-central1', '--repository=images']);

const policies = (...all: readonly object[]) => writeFile(file, JSON.stringify(all));
const OLD = { name: 'old', action: { type: 'Delete' }, condition: { tagState: 'tagged', olderThan: '30d' } };

describe('cleanup', () => {
  it('is tried with a file, set, run dry, run, and looked at afterwards', async () => {
    await policies(OLD);
    const preview = await run(`artifacts repositories preview-cleanup images --policy=${file} --all`);
    expect(preview.stdout).toContain('DELETE');
    expect(preview.stdout.split('\n')[0]?.split(/ {2,}/)).toEqual([
      'PACKAGE',
      'VERSION',
      'TAGS',
      'AGE',
      'PULLED',
      'ACTION',
      'POLICY',
      'REASON',
    ]);
    const deleting = preview.stdout.split('\n').find((line) => line.includes('DELETE')) ?? '';
    expect(deleting).toMatch(/^team\/app +sha256:[0-9a-f]{12} +pr-1 +40d +DELETE +old +a policy deletes it$/);
    expect(preview.stderr).toMatch(/3 versions: 1 to delete, 2 kept; about \d+\.\d MB would be freed\.\n$/);

    await run(`artifacts repositories set-cleanup-policies images --policy=${file} --no-dry-run`);
    const dry = await run('artifacts repositories run-cleanup images --dry-run');
    expect({ exit: dry.exit, stdout: dry.stdout }).toEqual({
      exit: 0,
      stdout: expect.stringContaining('outcome: DONE'),
    });
    expect(dry.stdout).toContain('dryRun: true');
    expect((await image.send('GET', 'manifests/pr-1')).status).toBe(200);

    const real = await run('artifacts repositories run-cleanup images');
    expect(real.stderr).toMatch(/3 versions: 1 deleted, 2 kept; about \d+\.\d MB freed\.\n$/);
    expect((await image.send('GET', 'manifests/pr-1')).status).toBe(404);

    const names = await run('artifacts cleanup-runs list --format=value(name.basename())');
    const ids = names.stdout.trim().split('\n');
    expect(ids).toHaveLength(2);
    for (const id of ids) {
      expect((await run(`artifacts cleanup-runs describe ${id}`)).stdout).toContain("deletedCount: '1'");
      const decisions = await run(
        `artifacts cleanup-runs list-decisions ${id} --format=value(tags,action,policy)`,
      );
      expect(decisions.stdout).toBe('pr-1\tDELETE\told\n');
    }
  });

  it('warns of policies that nobody can mean', async () => {
    await policies({ name: 'all', action: { type: 'Delete' }, condition: { tagState: 'any' } });
    const set = await run(`artifacts repositories set-cleanup-policies images --policy=${file} --overwrite`);
    expect(set.stderr).toContain(
      'WARNING: cleanup policy all deletes every version, and no policy keeps any',
    );
    const kept = await run('artifacts repositories delete-cleanup-policies images --policynames=all');
    expect(kept.stderr).not.toContain('WARNING');
  });

  it('says what is wrong with a file, and with the name of a run', async () => {
    await policies({ name: 'p', action: { type: 'Delete' }, condition: {} });
    const empty = await run(`artifacts repositories preview-cleanup images --policy=${file}`);
    expect([empty.exit === 0, empty.stderr]).toEqual([false, expect.stringContaining('missing a condition')]);
    const absent = await run('artifacts repositories preview-cleanup images --policy=/nowhere.json');
    expect(absent.stderr).toContain('--policy: cannot read /nowhere.json');
    expect((await run('artifacts cleanup-runs describe projects/p/nothing')).stderr).toContain(
      'is not the name of a cleanup run',
    );
  });
});

describe('an age', () => {
  it.each([
    [40 * DAY, '40d'],
    [DAY - 1, '23h'],
    [60_000, '1m'],
    [999, '0s'],
    [-5000, '0s'],
  ])('of %i milliseconds is %s', (milliseconds, text) => {
    expect(age(milliseconds)).toBe(text);
  });
});
