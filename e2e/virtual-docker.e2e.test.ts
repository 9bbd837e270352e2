import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Client, ClientKind } from './clients/client.ts';
import { crane } from './clients/crane.ts';
import { docker } from './clients/docker.ts';
import { oras } from './clients/oras.ts';
import { podman } from './clients/podman.ts';
import { skopeo } from './clients/skopeo.ts';
import { newStage } from './clients/stage.ts';
import { expectPulled, expectPushed } from './clients/verify.ts';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { describeWith } from './harness/needs.ts';
import { pushTree } from './harness/push.ts';
import { readStored } from './harness/registry.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;
const KINDS: readonly ClientKind[] = [podman, skopeo, docker, crane, oras];
const PARENT = 'projects/my-project/locations/us-central1';

let elsewhere: Server;
let server: Server;
let space: Scratch;
let fixtures: Fixtures;

const create = (id: string, repository: object) =>
  server.api('POST', `${PARENT}/repositories?repositoryId=${id}`, { format: 'DOCKER', ...repository });

const virtual = (id: string, members: readonly string[], writes?: string) =>
  create(id, {
    mode: 'VIRTUAL_REPOSITORY',
    virtualRepositoryConfig: {
      upstreamPolicies: members.map((member, at) => ({
        id: member,
        repository: `${PARENT}/repositories/${member}`,
        priority: 100 * (at + 1),
      })),
      ...(writes !== undefined && { writeRepository: `${PARENT}/repositories/${writes}` }),
    },
  });

beforeAll(async () => {
  space = await scratch('virtual-docker');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  elsewhere = await startServer();
  await elsewhere.createDockerRepository('public');
  server = await startServer({ flags: ['--allow-upstream-hosts', elsewhere.host] });
  await server.createDockerRepository('own');
  const { username, password, url } = elsewhere;
  await create('public', {
    mode: 'REMOTE_REPOSITORY',
    remoteRepositoryConfig: {
      commonRepository: { uri: `${url}/${elsewhere.repositoryPath('public')}` },
      upstreamCredentials: { usernamePasswordCredentials: { username, password } },
    },
  });
  await virtual('team', ['own', 'public'], 'own');
  await virtual('readers', ['own', 'public']);
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await elsewhere.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

for (const kind of KINDS) {
  const check = (says: string, body: () => Promise<void>): void => test(says, body, LIMIT_MS);
  const open = async (): Promise<Client> => {
    const client = await kind.open(await newStage(space, server.host, kind.name));
    await client.login(server);
    return client;
  };

  describeWith(kind.name, kind.programs, () => {
    check('pulls its own image first, and others behind it', async () => {
      const [app, tool] = [`${kind.name}/app`, `${kind.name}/tool`];
      await pushTree(server.image('own', app), fixtures.image, 'v1');
      await pushTree(elsewhere.image('public', app), fixtures.multi, 'v1');
      await pushTree(elsewhere.image('public', app), fixtures.multi, 'v2');
      await pushTree(elsewhere.image('public', tool), fixtures.image, 'v1');
      const client = await open();

      const own = await readStored(server.image('own', app), 'v1');
      await expectPulled(fixtures.image, await client.pull(server.image('team', app), 'v1'), own);
      const theirs = await readStored(elsewhere.image('public', tool), 'v1');
      await expectPulled(fixtures.image, await client.pull(server.image('team', tool), 'v1'), theirs);
      // The name is its owner's, whatever else there is of it.
      expect(await client.pull(server.image('team', app), 'v2').then(String, String)).toMatch(
        /not found|unknown|404/i,
      );
    });

    check('pushes to where the repository says', async () => {
      const name = `${kind.name}/pushed`;
      const client = await open();

      const pushed = await client.pushImage(fixtures.image, server.image('team', name), 'v1');

      const stored = await expectPushed(fixtures.image, pushed, server.image('own', name), 'v1');
      await expectPulled(fixtures.image, await client.pull(server.image('team', name), 'v1'), stored);
    });

    check('is told where to push instead, where nothing takes it', async () => {
      const name = `${kind.name}/refused`;
      const client = await open();

      const refused = await client
        .pushImage(fixtures.image, server.image('readers', name), 'v1')
        .then(String, String);

      expect(refused).toContain(
        'readers takes no uploads: it is a virtual repository without a writeRepository',
      );
      expect(refused).toContain(`publish to ${PARENT}/repositories/own instead`);
    });
  });
}
