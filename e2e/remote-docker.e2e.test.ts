import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ClientKind, Credentials } from './clients/client.ts';
import { crane } from './clients/crane.ts';
import { docker } from './clients/docker.ts';
import { podman } from './clients/podman.ts';
import { skopeo } from './clients/skopeo.ts';
import { newStage } from './clients/stage.ts';
import { expectPulled } from './clients/verify.ts';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { describeWith } from './harness/needs.ts';
import { digestOf } from './harness/oci.ts';
import { pushTree } from './harness/push.ts';
import { type Image, readStored } from './harness/registry.ts';
import { Relay } from './harness/relay.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;
const PARENT = 'projects/my-project/locations/us-central1';
const KINDS: readonly ClientKind[] = [crane, skopeo, podman, docker];

let upstream: Server;
let server: Server;
let way: Relay;
let space: Scratch;
let fixtures: Fixtures;

beforeAll(async () => {
  space = await scratch('remote-docker');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  upstream = await startServer();
  await upstream.createDockerRepository('images');
  way = await Relay.to(upstream.host);
  server = await startServer({ workers: 2, flags: ['--allow-upstream-hosts', '127.0.0.1'] });
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await way[Symbol.asyncDispose]();
  await upstream.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

/** A copy of the upstream's images, by way of `host`, that takes nothing for granted. */
const copy = (id: string, host: string): Promise<void> =>
  copyOf(id, `http://${host}/${upstream.repositoryPath('images')}`, upstream);

async function copyOf(id: string, uri: string, { username, password }: Credentials): Promise<void> {
  await server.api('POST', `${PARENT}/repositories?repositoryId=${id}`, {
    format: 'DOCKER',
    mode: 'REMOTE_REPOSITORY',
    remoteRepositoryConfig: {
      dockerRepository: { customRepository: { uri } },
      upstreamCredentials: { usernamePasswordCredentials: { username, password } },
      cacheConfig: { fileMaxAge: '0s', indexMaxAge: '0s' },
    },
  });
}

async function pull(kind: ClientKind, image: Image, tag: string) {
  const client = await kind.open(await newStage(space, server.host, kind.name));
  await client.login(server);
  return client.pull(image, tag);
}

/** How often the upstream sent a layer. A process that asks it for the first time is told to show a token, and asks again. */
async function layersSent(): Promise<number> {
  const text = await (await fetch(`${upstream.url}/metrics`)).text();
  const lines = text
    .split('\n')
    .filter((line) => /^entrepot_http_requests_total\{.*blobs\/:digest"/.test(line));
  return lines
    .filter((line) => line.includes('method="GET"') && !line.includes('status="401"'))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const get = async (image: Image, path: string): Promise<Response> => {
  const authorization = `Basic ${btoa(`${image.username}:${image.password}`)}`;
  return fetch(`http://${image.host}/v2/${image.name}/${path}`, { headers: { authorization } });
};

const programs = KINDS.flatMap((kind) => kind.programs);
describeWith('images of another server', programs, () => {
  test(
    'are pulled cold, warm, and with the upstream cut, by every client',
    async () => {
      await copy('copies', way.host);
      for (const kind of KINDS) {
        await pushTree(upstream.image('images', `team/${kind.name}`), fixtures.image, 'v1');
        await pushTree(upstream.image('images', `team/${kind.name}-multi`), fixtures.multi, 'v1');
      }
      const pulls = KINDS.flatMap((kind) =>
        [`team/${kind.name}`, `team/${kind.name}-multi`].map((name) => ({ kind, name })),
      );
      const stored = await Promise.all(
        pulls.map(({ name }) => readStored(upstream.image('images', name), 'v1')),
      );
      const pullAll = async (): Promise<void> => {
        for (const [at, { kind, name }] of pulls.entries()) {
          const pulled = await pull(kind, server.image('copies', name), 'v1');
          const original = stored[at];
          if (original) await expectPulled(fixtures.image, pulled, original);
        }
      };
      await pullAll();
      const sent = await layersSent();
      await pullAll();
      expect(await layersSent()).toBe(sent);
      way.cut();
      await pullAll();
    },
    LIMIT_MS,
  );

  test(
    'follow their tags, with what refers to them',
    async () => {
      await copy('followed', upstream.host);
      const [there, here] = [upstream.image('images', 'moving'), server.image('followed', 'moving')];
      await pushTree(there, fixtures.image, 'v1');
      const before = await readStored(here, 'v1');
      await pushTree(there, fixtures.multi, 'v1');
      const after = await readStored(here, 'v1');
      expect([before.root.digest, after.root.digest]).toEqual([
        fixtures.image.root.digest,
        fixtures.multi.root.digest,
      ]);
      await pushTree(there, fixtures.image, after.root.digest.replace(':', '-').concat('.sig'));
      const tags = (await (await get(here, 'tags/list')).json()) as { readonly tags: readonly string[] };
      expect(tags.tags).toContain(`${after.root.digest.replace(':', '-')}.sig`);
      expect((await get(here, `manifests/${tags.tags[0]}`)).status).toBe(200);
    },
    LIMIT_MS,
  );

  test(
    'are refused by a copy of itself, instead of waited for',
    async () => {
      await using round = await Relay.to(server.host);
      const url = (id: string): string => `http://${round.host}/${server.repositoryPath(id)}`;
      await copyOf('mirrored', url('mirror'), server);
      await copyOf('mirror', url('mirrored'), server);
      const answer = await get(server.image('mirror', 'app'), 'manifests/v1');
      expect(answer.status).toBe(502);
    },
    LIMIT_MS,
  );

  test(
    'are asked for once, however many want a layer at the same time, in two processes',
    async () => {
      await copy('shared', upstream.host);
      const layer = crypto.getRandomValues(new Uint8Array(65_536));
      const body = new Uint8Array(await new Blob(Array.from({ length: 64 }, () => layer)).arrayBuffer());
      const there = upstream.image('images', 'wanted');
      const digest = digestOf(body);
      const authorization = `Basic ${btoa(`${there.username}:${there.password}`)}`;
      const pushed = await fetch(`${upstream.url}/v2/${there.name}/blobs/uploads/?digest=${digest}`, {
        method: 'POST',
        headers: { authorization },
        body,
      });
      expect(pushed.status).toBe(201);
      const before = await layersSent();
      const reads = Array.from({ length: 50 }, async () => {
        const answer = await get(server.image('shared', 'wanted'), `blobs/${digest}`);
        return digestOf(await answer.bytes());
      });
      expect(new Set(await Promise.all(reads))).toEqual(new Set([digest]));
      expect(await layersSent()).toBe(before + 1);
    },
    LIMIT_MS,
  );
});
