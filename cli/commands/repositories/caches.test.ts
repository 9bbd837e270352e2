import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeUpstream } from '../../../server/testing/fake-upstream.ts';
import { temporary } from '../../../server/testing/harness.ts';
import { ImageShelf } from '../../../server/testing/upstream-oci.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

let upstream: FakeUpstream;
let registry: TestRegistry;
let admin: Person;
let directory: string;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  const shelf = new ImageShelf(upstream);
  shelf.push('team/app', 'v1');
  shelf.push('other', 'v1');
  directory = await temporary();
  registry = await TestRegistry.start({}, ['--allow-upstream-hosts', upstream.host]);
  admin = await registry.admin();
  await run(
    'artifacts repositories create copies --repository-format=docker --mode=remote-repository ' +
      `--remote-docker-repo=${upstream.url}`,
  );
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const run = (line: string) =>
  admin.run([...line.split(' '), '--project=my-project', '--location=us-central1']);

describe('copies of a remote repository', () => {
  it('are fetched beforehand, counted, and forgotten', async () => {
    const file = join(directory, 'images.txt');
    await writeFile(file, '# what we run\nteam/app:v1\n\nother:v1 # and this\n');
    const first = await run(`artifacts repositories prefetch copies --images-file=${file}`);
    expect({ exit: first.exit, stderr: first.stderr }).toEqual({
      exit: 0,
      stderr: '2 fetched, 0 already there, 0 failed.\n',
    });
    const second = await run('artifacts repositories prefetch copies team/app:v1');
    expect(second.stderr).toBe('0 fetched, 1 already there, 0 failed.\n');
    const purged = await run('artifacts repositories purge-cache copies --package=team/app');
    expect({ exit: purged.exit, stderr: purged.stderr }).toEqual({
      exit: 0,
      stderr: expect.stringMatching(
        /^Forgot (1 file|\d+ files) and (1 index|\d+ indexes) of \[copies\]\.\n$/,
      ),
    });
    const third = await run('artifacts repositories prefetch copies team/app:v1 other:v1');
    expect(third.stderr).toBe('1 fetched, 1 already there, 0 failed.\n');
  });

  it('that cannot be fetched are named, and the rest is', async () => {
    await run('artifacts repositories purge-cache copies');
    const { exit, stderr } = await run('artifacts repositories prefetch copies missing:v1 other:v1');
    expect({ exit, stderr }).toEqual({
      exit: 1,
      stderr: expect.stringContaining('not all of it could be copied: 1 fetched, 0 already there, 1 failed'),
    });
    expect(stderr).toContain('WARNING: missing:v1: ');
  });

  it.each([
    ['prefetch copies', 'name what to copy, or give --lock-file or --images-file'],
    ['prefetch copies --lock-file=missing.json', 'cannot read missing.json: there is no such file'],
    ['purge-cache copies --package=a --path=b', '--package and --path exclude each other'],
    ['purge-cache copies --package=', 'leave them out for everything'],
  ])('are left alone by %s', async (line, words) => {
    const { exit, stderr } = await run(`artifacts repositories ${line}`);
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(words) });
  });

  it('come from an upstream that is described', async () => {
    const { exit, stderr, stdout } = await run('artifacts repositories describe-upstream copies');
    expect({ exit, stderr }).toEqual({
      exit: 0,
      stderr: expect.stringContaining('The upstream answered at '),
    });
    expect(stdout).toContain('circuit: CLOSED');
  });
});
