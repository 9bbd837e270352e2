import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { NpmRegistry } from './clients/npm-client.ts';
import { openNpm } from './clients/npm-walk.ts';
import { npm } from './clients/npm.ts';
import { APPLICATION } from './fixtures/npm-application.ts';
import { checkOut, writeProject } from './fixtures/npm-package.ts';
import { egressThrough } from './harness/egress.ts';
import { describeWith } from './harness/needs.ts';
import { NpmRepositories } from './harness/npm-repositories.ts';
import { publicNpmMissing } from './harness/public-npm.ts';
import { Relay } from './harness/relay.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 600_000;

/** The name of every package that was installed, with its version, sorted. */
async function installedIn(project: string): Promise<readonly string[]> {
  const lock = (await Bun.file(`${project}/node_modules/.package-lock.json`).json()) as {
    readonly packages: Readonly<Record<string, { readonly version: string }>>;
  };
  return Object.entries(lock.packages).map(([path, { version }]) => `${path}@${version}`);
}

function throughACache(): void {
  let server: Server;
  let space: Scratch;
  let way: Relay;
  let cache: NpmRegistry;

  beforeAll(async () => {
    space = await scratch('npm-public');
    way = await Relay.proxy();
    server = await startServer({ flags: egressThrough(way) });
    cache = await new NpmRepositories(server).remote('public', 'NPMJS');
  }, LIMIT_MS);

  afterAll(async () => {
    await server.stop();
    await way[Symbol.asyncDispose]();
    await space[Symbol.asyncDispose]();
  }, LIMIT_MS);

  test(
    'installs an application of hundreds of packages cold, warm, and with the upstream cut',
    async () => {
      const walk = { kind: npm, space };
      const project = await writeProject(space, APPLICATION);
      await (await openNpm(walk, cache)).install(project);
      const cold = await installedIn(project);
      expect(cold.length).toBeGreaterThan(300);

      const warm = await writeProject(space, APPLICATION);
      await (await openNpm(walk, cache)).install(warm);
      expect(await installedIn(warm)).toEqual(cold);

      way.cut();
      const alone = await writeProject(space, APPLICATION);
      await (await openNpm(walk, cache)).install(alone);
      expect(await installedIn(alone)).toEqual(cold);
      const locked = await checkOut(space, project);
      await (await openNpm(walk, cache)).ci(locked);
      expect(await installedIn(locked)).toEqual(cold);
    },
    LIMIT_MS,
  );
}

const NAME = 'a remote repository of the public npm registry';
const missing = await publicNpmMissing();
if (missing === undefined) describeWith(NAME, npm.programs, throughACache);
else {
  console.warn(`skipped ${NAME}: it cannot be reached from here: ${missing}`);
  describe.skip(NAME, throughACache);
}
