import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PythonIndex } from './clients/python-client.ts';
import { openPython, type PythonWalk } from './clients/python-walk.ts';
import { twine } from './clients/twine.ts';
import { uv } from './clients/uv.ts';
import { egressThrough } from './harness/egress.ts';
import { describeWith } from './harness/needs.ts';
import { publicPythonMissing } from './harness/public-python.ts';
import { PythonRepositories } from './harness/python-repositories.ts';
import { Relay } from './harness/relay.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 600_000;
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

function throughACache(): void {
  let server: Server;
  let space: Scratch;
  let way: Relay;
  let cache: PythonIndex;

  beforeAll(async () => {
    space = await scratch('python-public');
    way = await Relay.proxy();
    server = await startServer({ flags: egressThrough(way) });
    cache = await new PythonRepositories(server).remote('public', 'PYPI');
    await mkdir(join(space.path, 'home'));
  }, LIMIT_MS);

  afterAll(async () => {
    await server.stop();
    await way[Symbol.asyncDispose]();
    await space[Symbol.asyncDispose]();
  }, LIMIT_MS);

  const install = async (kind: PythonWalk['kind']): Promise<readonly string[]> =>
    installedIn(await (await openPython({ kind, space }, cache)).install(APPLICATION));

  test(
    'installs an application of dozens of packages cold, warm, and with the upstream cut',
    async () => {
      const cold = await install(uv);
      expect(cold.length).toBeGreaterThan(60);
      expect(await install(uv)).toEqual(cold);
      way.cut();
      expect(await install(uv)).toEqual(cold);
      expect(await install(twine)).toEqual(cold);
    },
    LIMIT_MS,
  );
}

const NAME = 'a remote repository of the public index of Python';
const missing = await publicPythonMissing();
if (missing === undefined) describeWith(NAME, [...uv.programs, ...twine.programs], throughACache);
else {
  console.warn(`skipped ${NAME}: it cannot be reached from here: ${missing}`);
  describe.skip(NAME, throughACache);
}
