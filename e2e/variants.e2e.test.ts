import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Stage } from './clients/client.ts';
import { containersHome } from './clients/containers-home.ts';
import { crane } from './clients/crane.ts';
import { podman } from './clients/podman.ts';
import { skopeo } from './clients/skopeo.ts';
import { newStage } from './clients/stage.ts';
import { expectPushed } from './clients/verify.ts';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { describeWith } from './harness/needs.ts';
import { digestOf, mediaTypes, parseManifest } from './harness/oci.ts';
import { pushTree } from './harness/push.ts';
import { payloads, readStored, reference, type Stored } from './harness/registry.ts';
import { type Finished, succeed } from './harness/run.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;

let server: Server;
let space: Scratch;
let fixtures: Fixtures;

beforeAll(async () => {
  space = await scratch('variants');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  server = await startServer();
  await server.createDockerRepository('here');
  await server.createDockerRepository('there');
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

const stage = (name: string): Promise<Stage> => newStage(space, server.host, name);

type Run = (...args: readonly string[]) => Promise<Finished>;

/** A program of the containers family, logged in. */
async function containersProgram(program: string): Promise<Run> {
  const at = await stage(program);
  const env = await containersHome(at);
  const flags = ['--username', server.username, '--password-stdin'];
  await succeed([program, 'login', ...flags, server.host], { env, stdin: server.password });
  return (...args) => succeed([program, ...args], { env });
}

const rootManifest = ({ root, contents }: Stored): ReturnType<typeof parseManifest> =>
  parseManifest(contents.get(root.digest) ?? new Uint8Array());

describeWith(
  'layers that the registry has already',
  [...skopeo.programs, ...crane.programs, ...podman.programs],
  () => {
    test(
      'are mounted by skopeo from one repository into another',
      async () => {
        const [from, to] = [server.image('here', 'mounted'), server.image('there', 'by-skopeo')];
        const run = await containersProgram('skopeo');
        const source = `docker://${reference(from, 'v1')}`;
        await run('copy', '--preserve-digests', `oci:${fixtures.image.layout}:fixture`, source);
        const { stderr } = await run('--debug', 'copy', source, `docker://${reference(to, 'v1')}`);
        expect(stderr.match(/mount OK/g) ?? []).toHaveLength(3);
        expect((await readStored(to, 'v1')).root.digest).toBe(fixtures.image.root.digest);
      },
      LIMIT_MS,
    );

    test(
      'are mounted by crane from one repository into another',
      async () => {
        const [from, to] = [server.image('here', 'copied'), server.image('there', 'by-crane')];
        await pushTree(from, fixtures.multi, 'v1');
        const at = await stage('crane');
        const client = await crane.open(at);
        await client.login(server);
        const env = { HOME: at.directory, DOCKER_CONFIG: join(at.directory, 'docker') };
        const copy = ['crane', '--verbose', 'copy', reference(from, 'v1'), reference(to, 'v1')];
        const { stderr } = await succeed(copy, { env });
        expect(stderr).toContain('mount=sha256');
        expect(stderr).not.toContain('--> PATCH');
        expect((await readStored(to, 'v1')).root.digest).toBe(fixtures.multi.root.digest);
        await succeed(['crane', 'validate', '--remote', reference(to, 'v1')], { env });
      },
      LIMIT_MS,
    );

    test(
      'are not sent again when an image is built on them',
      async () => {
        const to = server.image('here', 'built');
        await pushTree(to, fixtures.image, 'base');
        const run = await containersProgram('podman');
        const context = join((await stage('context')).directory, 'context');
        await Bun.write(join(context, 'added.txt'), 'added by the build\n');
        await Bun.write(
          join(context, 'Containerfile'),
          `FROM ${reference(to, 'base')}\nCOPY added.txt /app/\nLABEL built=yes\n`,
        );
        const target = reference(to, 'built');
        await run('build', '--isolation', 'chroot', '--layers', '--tag', target, context);
        const { stderr } = await run('--log-level', 'debug', 'push', target);
        // The one new layer and the config.
        expect(stderr.match(/msg="PATCH /g) ?? []).toHaveLength(2);

        const [base, built] = [payloads(fixtures.image)[0], payloads(await readStored(to, 'built'))[0]];
        expect(built?.diffIds.slice(0, 3)).toEqual([...(base?.diffIds ?? [])]);
        await run('rmi', '--all', '--force');
        await run('pull', target);
        const mounted = (await run('image', 'mount', target)).stdout.trim();
        expect(await Bun.file(join(mounted, 'app', 'added.txt')).text()).toBe('added by the build\n');
        expect(digestOf(await Bun.file(join(mounted, 'app', 'run')).bytes())).toBe(
          fixtures.image.files.get('app/run') ?? 'sha256:none',
        );
      },
      LIMIT_MS,
    );
  },
);

describeWith('images in other clothes', [...skopeo.programs, 'buildah'], () => {
  test(
    'Docker schema 2 is kept as it is pushed',
    async () => {
      const to = server.image('here', 'docker-types');
      const run = await containersProgram('skopeo');
      await run(
        'copy',
        '--format',
        'v2s2',
        `oci:${fixtures.image.layout}:fixture`,
        `docker://${reference(to, 'v2s2')}`,
      );
      const stored = await readStored(to, 'v2s2');
      expect(stored.root.mediaType).toBe(mediaTypes.dockerManifest);
      expect(rootManifest(stored).config?.mediaType).toBe(mediaTypes.dockerConfig);
      expect(payloads(stored)).toEqual(payloads(fixtures.image));
    },
    LIMIT_MS,
  );

  test(
    'a Docker manifest list is kept as it is pushed',
    async () => {
      const to = server.image('here', 'docker-list');
      const run = await containersProgram('skopeo');
      const target = `docker://${reference(to, 'list')}`;
      await run('copy', '--all', '--format', 'v2s2', `oci:${fixtures.multi.layout}:fixture`, target);
      const stored = await readStored(to, 'list');
      expect(stored.root.mediaType).toBe(mediaTypes.dockerList);
      expect(payloads(stored)).toEqual(payloads(fixtures.multi));
    },
    LIMIT_MS,
  );

  test(
    'zstd layers are kept as they are pushed',
    async () => {
      const to = server.image('here', 'zstd');
      const run = await containersProgram('buildah');
      const added = join((await stage('added')).directory, 'added.bin');
      // Bytes that are new each time, or buildah finds that it knows a gzip layer with the same content.
      await Bun.write(added, crypto.getRandomValues(new Uint8Array(60_000)));
      const container = (await run('from', 'scratch')).stdout.trim();
      await run('copy', container, added, '/added.bin');
      const id = (await run('commit', '--quiet', container)).stdout.trim();
      const format = ['--format', 'oci', '--compression-format', 'zstd'];
      await run('push', ...format, id, `docker://${reference(to, 'zstd')}`);
      const types = rootManifest(await readStored(to, 'zstd')).layers?.map(({ mediaType }) => mediaType);
      expect(types).toEqual(['application/vnd.oci.image.layer.v1.tar+zstd']);
      await run('rm', '--all');
      await run('rmi', '--all', '--force');
      expect((await run('pull', '--quiet', reference(to, 'zstd'))).stdout.trim()).toBe(id);
    },
    LIMIT_MS,
  );

  test(
    'one tag moves between images, and the older stays to be pulled by digest',
    async () => {
      const to = server.image('here', 'moved');
      const client = await skopeo.open(await stage('skopeo'));
      await client.login(server);
      const first = await client.pushIndex(fixtures.multi, to, 'latest');
      const second = await client.pushImage(fixtures.image, to, 'latest');
      await expectPushed(fixtures.image, second, to, 'latest');
      expect((await readStored(to, first.digest)).root.digest).toBe(first.digest);
    },
    LIMIT_MS,
  );
});
