import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { buildah } from './clients/buildah.ts';
import type { Client, ClientKind } from './clients/client.ts';
import { crane } from './clients/crane.ts';
import { oras } from './clients/oras.ts';
import { podman } from './clients/podman.ts';
import { skopeo } from './clients/skopeo.ts';
import { newStage } from './clients/stage.ts';
import { expectPulled, expectPushed } from './clients/verify.ts';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { describeWith } from './harness/needs.ts';
import { type Image, readStored, reference } from './harness/registry.ts';
import { attempt } from './harness/run.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

/** Repositories that allUsers may read, and refusals as people see them: clients without credentials, or with too few rights. */
const LIMIT_MS = 300_000;
const KINDS: readonly ClientKind[] = [podman, buildah, skopeo, crane, oras];
const PARENT = 'projects/my-project/locations/us-central1/repositories';
const GUEST = { username: 'guest', password: 'a password for the guest' };

let server: Server;
let space: Scratch;
let fixtures: Fixtures;

beforeAll(async () => {
  space = await scratch('public');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  server = await startServer();
  for (const id of ['public', 'private', 'shared']) await server.createDockerRepository(id);
  const bindings = [{ role: 'roles/artifactregistry.reader', members: ['allUsers'] }];
  await server.api('POST', `${PARENT}/public:setIamPolicy`, { policy: { bindings } });
  await server.api('POST', `users?userId=${GUEST.username}`, { password: GUEST.password });
  const reader = { role: 'roles/artifactregistry.reader', members: [`user:${GUEST.username}`] };
  await server.api('POST', `${PARENT}/shared:setIamPolicy`, { policy: { bindings: [reader] } });
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

const image = (repository: string, name: string): Image => ({
  host: server.host,
  name: `${server.repositoryPath(repository)}/${name}`,
  username: server.username,
  password: server.password,
});

/** A client that was never told any credentials. */
const open = async (kind: Pick<ClientKind, 'name' | 'open'>): Promise<Client> =>
  kind.open(await newStage(space, server.host, kind.name));

const failure = (work: Promise<unknown>): Promise<string> => work.then(() => 'it succeeded', String);

/** What its own client pushes, as the admin. */
const push = async (kind: ClientKind, repository: string) => {
  const to = image(repository, kind.name);
  const pusher = await open(kind);
  await pusher.login(server);
  const pushed = await pusher.pushImage(fixtures.image, to, 'v1');
  return { to, stored: await expectPushed(fixtures.image, pushed, to, 'v1') };
};

for (const kind of KINDS) {
  const check = (says: string, body: () => Promise<void>): void => test(says, body, LIMIT_MS);

  describeWith(kind.name, kind.programs, () => {
    check('pulls a public image without credentials', async () => {
      const { to, stored } = await push(kind, 'public');
      const anonymous = await open(kind);
      await expectPulled(fixtures.image, await anonymous.pull(to, 'v1'), stored);
      if (anonymous.tags) expect(await anonymous.tags(to)).toEqual(['v1']);
    });

    check('is asked for credentials when it pushes there', async () => {
      const to = image('public', `${kind.name}-anonymous`);
      expect(await failure((await open(kind)).pushImage(fixtures.image, to, 'v1'))).toMatch(
        /unauthorized|unauthenticated|authentication required|basic credential/i,
      );
      expect(await failure(readStored(to, 'v1'))).toContain('404');
    });

    check('is asked for credentials when it pulls a private image, and tells nothing of it', async () => {
      const { to } = await push(kind, 'private');
      for (const from of [to, image('private', 'absent'), image('nowhere', 'absent')])
        expect(await failure((await open(kind)).pull(from, 'v1'))).toMatch(
          /unauthorized|unauthenticated|authentication required/i,
        );
    });

    // Of what a client asks for by HEAD there is no body to show, but that a reader may ask.
    check('shows whoever may read and pushes who they are, and what right they lack', async () => {
      const guest = await open(kind);
      await guest.login(GUEST);
      const refused = await failure(guest.pushImage(fixtures.image, image('shared', kind.name), 'v2'));
      expect(refused).toContain('logged in as user:guest');
      expect(refused).toContain('artifactregistry.repositories.uploadArtifacts');
      expect(refused).toContain(`${PARENT}/shared`);
    });

    check('pulls a public image with credentials that have no rights of their own', async () => {
      const { to, stored } = await push(kind, 'public');
      const guest = await open(kind);
      await guest.login(GUEST);
      await expectPulled(fixtures.image, await guest.pull(to, 'v1'), stored);
    });
  });
}

/** The docker CLI without an engine asks registries itself. */
async function inspect(repository: string) {
  const { directory: home } = await newStage(space, server.host, 'docker');
  const name = reference(image(repository, 'for-docker'), 'v1');
  return attempt(
    ['docker', '--host', `unix://${join(home, 'no-engine.sock')}`, 'manifest', 'inspect', '--insecure', name],
    { env: { HOME: home, DOCKER_CONFIG: home } },
  );
}

describeWith('docker', ['docker'], () => {
  test(
    'reads a public image without credentials, and no private one',
    async () => {
      for (const repository of ['public', 'private']) {
        const to = image(repository, 'for-docker');
        const pusher = await open(skopeo);
        await pusher.login(server);
        await pusher.pushImage(fixtures.image, to, 'v1');
      }
      const found = await inspect('public');
      expect([found.code, found.stderr]).toEqual([0, '']);
      expect(JSON.parse(found.stdout)).toHaveProperty('layers');
      const { code, stderr } = await inspect('private');
      expect([code, stderr]).toEqual([1, expect.stringMatching(/unauthorized|no such manifest/i)]);
    },
    LIMIT_MS,
  );
});
