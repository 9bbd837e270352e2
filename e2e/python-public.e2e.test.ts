import { expect, test } from 'bun:test';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openPython, type PythonWalk } from './clients/python-walk.ts';
import { twine } from './clients/twine.ts';
import { uv } from './clients/uv.ts';
import { describePublicCache, PUBLIC_LIMIT_MS } from './harness/public-cache.ts';
import { publicMissing } from './harness/public-registry.ts';
import { PythonRepositories } from './harness/python-repositories.ts';

/** What a web application with its data and its tests asks for; each as old as its neighbours. */
const APPLICATION = [
  'django==5.1.4',
  'djangorestframework==3.15.2',
  'fastapi[standard]==0.115.6',
  'celery[redis]==5.4.0',
  'sqlalchemy==2.0.36',
  'alembic==1.14.0',
  'pandas==2.2.3',
  'boto3==1.35.85',
  'requests==2.32.3',
  'pytest==8.3.4',
  'sphinx==8.1.3',
];

/** The name of every package that was installed, with its version, sorted. */
async function installedIn(folder: string): Promise<readonly string[]> {
  const folders = await Array.fromAsync(
    new Bun.Glob('*.dist-info/METADATA').scan({ cwd: folder, onlyFiles: true }),
  );
  return folders.map((path) => path.slice(0, path.indexOf('.dist-info'))).sort();
}

describePublicCache(
  {
    registry: 'the public index of Python',
    missing: await publicMissing('pkg:pypi/packaging@24.0'),
    programs: [...uv.programs, ...twine.programs],
    open: (server) => new PythonRepositories(server).remote('public', 'PYPI'),
  },
  (through) =>
    test(
      'installs an application of dozens of packages cold, warm, and with the upstream cut',
      async () => {
        const { space, caches, cut } = through();
        await mkdir(join(space.path, 'home'));
        const install = async (kind: PythonWalk['kind']): Promise<readonly string[]> =>
          installedIn(await (await openPython({ kind, space }, caches)).install(APPLICATION));

        const cold = await install(uv);
        expect(cold.length).toBeGreaterThan(60);
        expect(await install(uv)).toEqual(cold);
        cut();
        expect(await install(uv)).toEqual(cold);
        expect(await install(twine)).toEqual(cold);
      },
      PUBLIC_LIMIT_MS,
    ),
);
