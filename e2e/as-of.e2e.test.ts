import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { asOfText } from '../server/testing/as-of.ts';
import type { ClientKind } from './clients/client.ts';
import { crane } from './clients/crane.ts';
import { docker } from './clients/docker.ts';
import type { NpmClientKind, NpmRegistry } from './clients/npm-client.ts';
import { type NpmWalk, openNpm, nameFor } from './clients/npm-walk.ts';
import { npm } from './clients/npm.ts';
import { oras } from './clients/oras.ts';
import { podman } from './clients/podman.ts';
import { pnpm } from './clients/pnpm.ts';
import { skopeo } from './clients/skopeo.ts';
import { newStage } from './clients/stage.ts';
import { expectPulled } from './clients/verify.ts';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { checkOut, installed, writePackage, writeProject } from './fixtures/npm-package.ts';
import { describeWith } from './harness/needs.ts';
import { NpmRepositories } from './harness/npm-repositories.ts';
import { pushTree } from './harness/push.ts';
import { type Image, readStored } from './harness/registry.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';
import { until } from './harness/until.ts';

const LIMIT_MS = 300_000;
const IMAGES: readonly ClientKind[] = [podman, skopeo, docker, crane, oras];
const PACKAGES: readonly NpmClientKind[] = [npm, pnpm];

let server: Server;
let space: Scratch;
let fixtures: Fixtures;
let own: NpmRegistry;

beforeAll(async () => {
  space = await scratch('as-of');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  server = await startServer();
  await server.createDockerRepository('images');
  own = await new NpmRepositories(server).standard('own');
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

/** A time that is over, after everything that was done before. */
async function moment(): Promise<number> {
  const at = Date.now();
  await until('the next millisecond', () => Date.now() > at);
  return at;
}

function past(image: Image, at: number): Image {
  const parts = image.name.split('/');
  return { ...image, name: [...parts.slice(0, 3), asOfText(at), ...parts.slice(3)].join('/') };
}

for (const kind of IMAGES) {
  describeWith(kind.name, kind.programs, () => {
    test(
      'pulls what a tag named, and reads why nothing can be pushed there',
      async () => {
        const image = server.image('images', kind.name);
        await pushTree(image, fixtures.image, 'latest');
        const before = await readStored(image, 'latest');
        const at = await moment();
        await pushTree(image, fixtures.multi, 'latest');
        const client = await kind.open(await newStage(space, server.host, kind.name));
        await client.login(server);

        await expectPulled(fixtures.image, await client.pull(past(image, at), 'latest'), before);
        const refused = await client.pushImage(fixtures.image, past(image, at), 'more').then(String, String);
        expect(refused).toMatch(/takes no changes|405|unsupported/i);
        const tags = await client.tags?.(past(image, at));
        expect(tags ?? ['latest']).toEqual(['latest']);
      },
      LIMIT_MS,
    );
  });
}

for (const kind of PACKAGES) {
  describeWith(kind.name, kind.programs, () => {
    test(
      'installs what there was, and the same from its lock file',
      async () => {
        const walk: NpmWalk = { kind, space };
        const name = nameFor(walk, 'past');
        const publish = async (version: string) =>
          (await openNpm(walk, own)).publish(await writePackage(space, { name, version, says: version }));
        await publish('1.0.0');
        const then: NpmRegistry = { ...own, url: `${own.url}${asOfText(await moment())}/` };
        await publish('1.1.0');

        const project = await writeProject(space, { [name]: '^1.0.0' });
        await (await openNpm(walk, then)).install(project);
        expect(await installed(project, name)).toBe('1.0.0: 1.0.0');
        const elsewhere = await checkOut(space, project);
        await (await openNpm(walk, then)).ci(elsewhere);
        expect(await installed(elsewhere, name)).toBe('1.0.0: 1.0.0');
        expect(await (await openNpm(walk, then)).view(name, 'dist-tags')).toEqual({ latest: '1.0.0' });
        expect(await (await openNpm(walk, own)).view(name, 'dist-tags')).toEqual({ latest: '1.1.0' });
      },
      LIMIT_MS,
    );
  });
}
