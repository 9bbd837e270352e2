import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { buildah } from './clients/buildah.ts';
import type { Client, ClientKind, Credentials } from './clients/client.ts';
import { crane } from './clients/crane.ts';
import { docker } from './clients/docker.ts';
import { oras } from './clients/oras.ts';
import { podman } from './clients/podman.ts';
import { skopeo } from './clients/skopeo.ts';
import { newStage } from './clients/stage.ts';
import { expectPulled, expectPushed } from './clients/verify.ts';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { describeWith } from './harness/needs.ts';
import { type Image, payloads } from './harness/registry.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;
const KINDS: readonly ClientKind[] = [podman, buildah, skopeo, docker, crane, oras];

let server: Server;
let space: Scratch;
let fixtures: Fixtures;

beforeAll(async () => {
  space = await scratch('images');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  server = await startServer();
  await server.createDockerRepository('images');
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

const image = (name: string): Image => ({
  host: server.host,
  name,
  username: server.username,
  password: server.password,
});
const inRepository = (kind: ClientKind): Image =>
  image(`${server.repositoryPath('images')}/team/${kind.name}`);

/** A client with an empty home. */
const open = async (kind: ClientKind): Promise<Client> =>
  kind.open(await newStage(space, server.host, kind.name));

async function openAs(credentials: Credentials, kind: ClientKind): Promise<Client> {
  const client = await open(kind);
  await client.login(credentials);
  return client;
}

async function pushAndPull(
  kind: ClientKind,
  credentials: Credentials,
  to: Image,
  tag: string,
): Promise<void> {
  const pushed = await (await openAs(credentials, kind)).pushImage(fixtures.image, to, tag);
  const stored = await expectPushed(fixtures.image, pushed, to, tag);
  const pulled = await (await openAs(credentials, kind)).pull(to, tag);
  await expectPulled(fixtures.image, pulled, stored);
}

for (const kind of KINDS) {
  const check = (says: string, body: () => Promise<void>): void => test(says, body, LIMIT_MS);

  describeWith(kind.name, kind.programs, () => {
    check('is let in with the right password and not with a wrong one', async () => {
      await openAs(server, kind);
      const wrong = { username: server.username, password: 'wrong' };
      expect(await openAs(wrong, kind).then(String, String)).toMatch(
        /unauthorized|401|invalid username\/password/i,
      );
    });

    check('pushes an image of three layers and pulls it back', () =>
      pushAndPull(kind, server, inRepository(kind), 'image'),
    );

    check('does the same as oauth2accesstoken with an access token', async () => {
      const credentials = { username: 'oauth2accesstoken', password: await server.accessToken() };
      await pushAndPull(kind, credentials, inRepository(kind), 'by-token');
    });

    check('does the same at a Container Registry address, which the first push creates', () =>
      pushAndPull(kind, server, image(`gcr.io/my-project/${kind.name}`), 'latest'),
    );

    check('pushes an index of two architectures and pulls each', async () => {
      const to = inRepository(kind);
      const pushed = await (await openAs(server, kind)).pushIndex(fixtures.multi, to, 'multi');
      const stored = await expectPushed(fixtures.multi, pushed, to, 'multi');
      const puller = await openAs(server, kind);
      const pulled = await puller.pull(to, 'multi');
      if (pulled.kind === 'layout') await expectPulled(fixtures.image, pulled, stored);
      const [amd64, arm64] = payloads(fixtures.multi);
      expect(amd64?.config).toBe(await puller.configFor(to, 'multi', 'amd64'));
      expect(arm64?.config).toBe(await puller.configFor(to, 'multi', 'arm64'));
    });

    if (kind.noNestedIndex === undefined)
      check('pushes an index inside an index and pulls it back', async () => {
        const to = inRepository(kind);
        const pushed = await (await openAs(server, kind)).pushIndex(fixtures.nested, to, 'nested');
        const stored = await expectPushed(fixtures.nested, pushed, to, 'nested');
        await expectPulled(fixtures.image, await (await openAs(server, kind)).pull(to, 'nested'), stored);
      });

    check(
      'lists the tags it pushed, as far as it can list, and deletes, as far as it can delete',
      async () => {
        const client = await openAs(server, kind);
        const to = image(`${server.repositoryPath('images')}/listed/${kind.name}`);
        for (const tag of ['b', 'a', 'c']) await client.pushImage(fixtures.image, to, tag);
        if (client.tags !== undefined) expect(await client.tags(to)).toEqual(['a', 'b', 'c']);
        if (client.remove === undefined) return;
        await client.remove(to, 'b');
        const refused = await (await openAs(server, kind)).pull(to, 'b').then(JSON.stringify, String);
        expect(refused).toMatch(/manifest unknown|MANIFEST_UNKNOWN|not found/i);
      },
    );
  });
}
