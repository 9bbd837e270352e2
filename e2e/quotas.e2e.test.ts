import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { berry } from './clients/berry.ts';
import { bun } from './clients/bun.ts';
import type { ClientKind } from './clients/client.ts';
import { crane } from './clients/crane.ts';
import { docker } from './clients/docker.ts';
import { nameFor, openNpm } from './clients/npm-walk.ts';
import type { NpmClientKind, NpmRegistry } from './clients/npm-client.ts';
import { npm } from './clients/npm.ts';
import { oras } from './clients/oras.ts';
import { pnpm } from './clients/pnpm.ts';
import { podman } from './clients/podman.ts';
import type { PythonClientKind, PythonIndex } from './clients/python-client.ts';
import { openPython } from './clients/python-walk.ts';
import { skopeo } from './clients/skopeo.ts';
import { newStage } from './clients/stage.ts';
import { verboseTwine } from './clients/twine.ts';
import { uv } from './clients/uv.ts';
import { yarn } from './clients/yarn.ts';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { writePackage } from './fixtures/npm-package.ts';
import { writeProject } from './fixtures/python-project.ts';
import { describeWith } from './harness/needs.ts';
import { NpmRepositories } from './harness/npm-repositories.ts';
import { PythonRepositories } from './harness/python-repositories.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 120_000;
const IMAGE_CLIENTS: readonly ClientKind[] = [podman, skopeo, docker, crane, oras];
const NPM_CLIENTS: readonly NpmClientKind[] = [npm, pnpm, yarn, berry, bun];
const PYTHON_CLIENTS: readonly PythonClientKind[] = [verboseTwine, uv];

let server: Server;
let space: Scratch;
let fixtures: Fixtures;
let packages: NpmRegistry;
let wheels: PythonIndex;

beforeAll(async () => {
  space = await scratch('quotas');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  server = await startServer();
  await server.createDockerRepository('images');
  packages = await new NpmRepositories(server).standard('packages');
  wheels = await new PythonRepositories(server).standard('wheels');
  for (const repository of ['images', 'packages', 'wheels'])
    await server.api(
      'PATCH',
      `projects/my-project/locations/us-central1/repositories/${repository}?updateMask=quota`,
      { quota: { maxBytes: '100' } },
    );
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

for (const kind of IMAGE_CLIENTS)
  describeWith(kind.name, kind.programs, () => {
    test(
      'tells whoever pushes that the repository is full',
      async () => {
        const client = await kind.open(await newStage(space, server.host, kind.name));
        await client.login(server);
        const image = server.image('images', kind.name);
        const refused = await client
          .pushImage(fixtures.image, image, 'v1')
          .then(() => 'it was pushed', String);
        expect(refused).toContain('quota exceeded: the repository images may hold 100 bytes in all');
      },
      LIMIT_MS,
    );
  });

for (const kind of NPM_CLIENTS)
  describeWith(kind.name, kind.programs, () => {
    test(
      'tells whoever publishes that the repository is full',
      async () => {
        const walk = { kind, space };
        const folder = await writePackage(space, { name: nameFor(walk, 'quota'), version: '1.0.0' });
        const client = await openNpm(walk, packages);
        const refused = await client.publish(folder).then(() => 'it was published', String);
        // pnpm draws a frame around what it says, and breaks its lines.
        expect(refused.replaceAll(/[\s│]+/g, ' ')).toContain(
          'quota exceeded: the repository packages may hold 100 bytes in all',
        );
      },
      LIMIT_MS,
    );
  });

for (const kind of PYTHON_CLIENTS)
  describeWith(kind.name, kind.programs, () => {
    test(
      'tells whoever uploads that the repository is full',
      async () => {
        const project = await writeProject(space, { name: 'full', version: '1.0.0', says: 'nothing' });
        const client = await openPython({ kind, space }, wheels);
        const refused = await client.publish(project).then(() => 'it was uploaded', String);
        expect(refused).toContain('quota exceeded: the repository wheels may hold 100 bytes in all');
      },
      LIMIT_MS,
    );
  });
