import { afterAll, afterEach, beforeAll, beforeEach, expect, type Mock, spyOn, test } from 'bun:test';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig } from '../server/config.ts';
import { serve, type Serving } from '../server/serve.ts';
import { ADMIN_PASSWORD, basic, TestServer } from '../server/testing/harness.ts';
import type { ClientKind } from './clients/client.ts';
import { crane } from './clients/crane.ts';
import { docker } from './clients/docker.ts';
import { podman } from './clients/podman.ts';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { describeWith } from './harness/needs.ts';
import type { Image } from './harness/registry.ts';
import { type Scratch, scratch } from './harness/scratch.ts';

const LIMIT_MS = 300_000;
const ADMIN = { username: 'admin', password: ADMIN_PASSWORD };

const verify = Bun.password.verify.bind(Bun.password);

/** In this process, so that what it hashes can be counted. */
let server: TestServer;
let serving: Serving;
let hashing: Mock<typeof Bun.password.verify>;
let space: Scratch;
let fixtures: Fixtures;

beforeAll(async () => {
  space = await scratch('hashing');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
});
beforeEach(async () => {
  server = await TestServer.start();
  const config = parseConfig({
    argv: ['--listen', '127.0.0.1:0', '--data', server.directory.root],
    env: {},
    readFile: () => '',
  });
  const log = { write: () => undefined, flush: () => undefined };
  serving = serve({ app: server.app, config, log, now: server.clock.now, shared: false });
  hashing = spyOn(Bun.password, 'verify');
});
afterEach(async () => {
  hashing.mockRestore();
  await serving.stop();
  await server[Symbol.asyncDispose]();
});
afterAll(() => space[Symbol.asyncDispose]());

for (const kind of [docker, podman, crane] satisfies readonly ClientKind[])
  describeWith(kind.name, kind.programs, () => {
    test(
      'logs in, pushes and pulls, while someone else’s rights change, for one hash of the password',
      async () => {
        const { host } = new URL(serving.url);
        const directory = join(space.path, kind.name);
        await mkdir(directory);
        const client = await kind.open({ host, directory });
        const image: Image = { host, name: 'us-central1-docker/my-project/images/app', ...ADMIN };

        await client.login(ADMIN);
        await client.pushImage(fixtures.image, image, 'v1');
        // Everything that was remembered of callers and rights is forgotten with this.
        await server.grant('projects/my-project', 'roles/viewer', 'user:somebody');
        await client.pull(image, 'v1');

        expect(hashing).toHaveBeenCalledTimes(1);
      },
      LIMIT_MS,
    );
  });

test(
  'a password that is being checked does not keep others waiting',
  async () => {
    const [begun, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    // Begun for real, and not over before somebody else was answered.
    hashing.mockImplementation(async (...args) => {
      const checked = verify(...args);
      begun.resolve();
      await answered.promise;
      return checked;
    });
    const authorization = basic('admin', ADMIN_PASSWORD);
    const checking = fetch(`${serving.url}/v2/`, { headers: { authorization } });
    await begun.promise;

    expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);

    answered.resolve();
    expect((await checking).status).toBe(200);
  },
  LIMIT_MS,
);
