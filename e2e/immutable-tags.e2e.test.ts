import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ClientKind } from './clients/client.ts';
import { crane } from './clients/crane.ts';
import { docker } from './clients/docker.ts';
import { oras } from './clients/oras.ts';
import { podman } from './clients/podman.ts';
import { skopeo } from './clients/skopeo.ts';
import { newStage } from './clients/stage.ts';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { describeWith } from './harness/needs.ts';
import { pushTree } from './harness/push.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;
const KINDS: readonly ClientKind[] = [podman, skopeo, docker, crane, oras];

let server: Server;
let space: Scratch;
let fixtures: Fixtures;

beforeAll(async () => {
  space = await scratch('immutable-tags');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  server = await startServer();
  await server.createDockerRepository('releases');
  const path = 'projects/my-project/locations/us-central1/repositories/releases';
  await server.api('PATCH', `${path}?updateMask=dockerConfig`, {
    dockerConfig: { immutableTags: true, immutableTagPatterns: ['v*'] },
  });
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

for (const kind of KINDS) {
  describeWith(kind.name, kind.programs, () => {
    test(
      'tells why an immutable tag takes no other image, and moves the others',
      async () => {
        const image = server.image('releases', kind.name);
        await pushTree(image, fixtures.multi, 'v1');
        await pushTree(image, fixtures.multi, 'latest');
        const client = await kind.open(await newStage(space, server.host, kind.name));
        await client.login(server);

        const refused = await client.pushImage(fixtures.image, image, 'v1').then(String, String);
        expect(refused.toLowerCase()).toContain('denied');
        expect(refused).toContain('tag v1 cannot be moved or removed');
        expect(refused).toContain('use a new tag');

        await client.pushImage(fixtures.image, image, 'latest');
        await client.pushImage(fixtures.image, image, 'v2');
        await client.pushImage(fixtures.image, image, 'v2');
      },
      LIMIT_MS,
    );
  });
}
