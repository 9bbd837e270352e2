import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { NpmRegistry } from './clients/npm-client.ts';
import { npmHome, npmrc } from './clients/npmrc.ts';
import { writePackage } from './fixtures/npm-package.ts';
import { describeWith } from './harness/needs.ts';
import { NpmRepositories } from './harness/npm-repositories.ts';
import { attempt, type Finished, nodeProgram, succeed } from './harness/run.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;
const NPM = nodeProgram('npm');

let server: Server;
let space: Scratch;
let own: NpmRegistry;

beforeAll(async () => {
  space = await scratch('npm-stage');
  server = await startServer();
  own = await new NpmRepositories(server).standard('own');
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

async function npm(cwd: string, args: readonly string[], how = succeed): Promise<Finished> {
  const env = await npmHome(join(space.path, crypto.randomUUID()), npmrc(own));
  return how([NPM, ...args], { env, cwd });
}

/** Stages a package; answers what it waits as. */
async function stage(name: string): Promise<{ readonly folder: string; readonly id: string }> {
  const folder = await writePackage(space, { name, version: '1.0.0' });
  const { stdout } = await npm(folder, ['stage', 'publish']);
  expect(stdout).toContain(`+ ${name}@1.0.0 (staged with id `);
  return { folder, id: /staged with id ([0-9a-f-]{36})/.exec(stdout)?.[1] ?? 'none' };
}

describeWith('npm stage', [NPM], () => {
  test(
    'publishes what was looked at and approved',
    async () => {
      const { folder, id } = await stage('@acme/approved');
      expect((await npm(folder, ['view', '@acme/approved'], attempt)).code).not.toBe(0);
      expect((await npm(folder, ['stage', 'list', '@acme/approved'])).stdout).toContain(id);
      expect((await npm(folder, ['stage', 'view', id])).stdout).toContain('@acme/approved');
      const { stdout } = await npm(folder, ['stage', 'download', id]);
      expect(await Bun.file(join(folder, stdout.trim().split('\n').at(-1) ?? '')).exists()).toBe(true);
      await npm(folder, ['stage', 'approve', id]);
      expect((await npm(folder, ['view', '@acme/approved', 'version'])).stdout.trim()).toBe('1.0.0');
      expect((await npm(folder, ['stage', 'list'])).stdout).toContain('No staged packages found');
    },
    LIMIT_MS,
  );

  test(
    'leaves what was rejected',
    async () => {
      const { folder, id } = await stage('@acme/rejected');
      await npm(folder, ['stage', 'reject', id]);
      expect((await npm(folder, ['stage', 'view', id], attempt)).code).not.toBe(0);
      expect((await npm(folder, ['view', '@acme/rejected'], attempt)).code).not.toBe(0);
      await npm(folder, ['publish']);
    },
    LIMIT_MS,
  );
});
