import { expect, test } from 'bun:test';
import { openNpm } from './clients/npm-walk.ts';
import { npm } from './clients/npm.ts';
import { APPLICATION } from './fixtures/npm-application.ts';
import { checkOut, writeProject } from './fixtures/npm-package.ts';
import { NpmRepositories } from './harness/npm-repositories.ts';
import { describePublicCache, PUBLIC_LIMIT_MS } from './harness/public-cache.ts';
import { publicMissing } from './harness/public-registry.ts';

/** The name of every package that was installed, with its version, sorted. */
async function installedIn(project: string): Promise<readonly string[]> {
  const lock = (await Bun.file(`${project}/node_modules/.package-lock.json`).json()) as {
    readonly packages: Readonly<Record<string, { readonly version: string }>>;
  };
  return Object.entries(lock.packages).map(([path, { version }]) => `${path}@${version}`);
}

describePublicCache(
  {
    registry: 'the public npm registry',
    missing: await publicMissing('pkg:npm/semver@7.7.2', '/semver'),
    programs: npm.programs,
    open: (server) => new NpmRepositories(server).remote('public', 'NPMJS'),
  },
  (through) =>
    test(
      'installs an application of hundreds of packages cold, warm, and with the upstream cut',
      async () => {
        const { space, caches, cut } = through();
        const client = () => openNpm({ kind: npm, space }, caches);
        const installed = async (): Promise<string> => {
          const project = await writeProject(space, APPLICATION);
          await (await client()).install(project);
          return project;
        };

        const project = await installed();
        const cold = await installedIn(project);
        expect(cold.length).toBeGreaterThan(300);
        expect(await installedIn(await installed())).toEqual(cold);
        cut();
        expect(await installedIn(await installed())).toEqual(cold);
        const locked = await checkOut(space, project);
        await (await client()).ci(locked);
        expect(await installedIn(locked)).toEqual(cold);
      },
      PUBLIC_LIMIT_MS,
    ),
);
