import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ArtifactRegistryClient } from '@google-cloud/artifact-registry';
import type { Client, ClientKind } from './clients/client.ts';
import { crane } from './clients/crane.ts';
import { openNpm, type NpmWalk } from './clients/npm-walk.ts';
import { npm } from './clients/npm.ts';
import { oras, orasIn } from './clients/oras.ts';
import { openPython, type PythonWalk } from './clients/python-walk.ts';
import { skopeo } from './clients/skopeo.ts';
import { newStage } from './clients/stage.ts';
import { twine } from './clients/twine.ts';
import { expectPulled, expectPushed } from './clients/verify.ts';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { installed, writePackage, writeProject } from './fixtures/npm-package.ts';
import { said, writeProject as writePythonProject } from './fixtures/python-project.ts';
import { googleClient } from './harness/google.ts';
import { describeWith } from './harness/needs.ts';
import { NpmRepositories } from './harness/npm-repositories.ts';
import type { Digest } from './harness/oci.ts';
import { PythonRepositories } from './harness/python-repositories.ts';
import { reference } from './harness/registry.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';
import { until } from './harness/until.ts';

const LIMIT_MS = 300_000;
const REPOSITORIES = 'projects/my-project/locations/us-central1/repositories';

let server: Server;
let space: Scratch;
let google: ArtifactRegistryClient;
let fixtures: Fixtures;

beforeAll(async () => {
  space = await scratch('undelete');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  server = await startServer();
  google = await googleClient(server);
  await server.createDockerRepository('images');
}, LIMIT_MS);

afterAll(async () => {
  await google.close();
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

const check = (says: string, body: () => Promise<void>): void => test(says, body, LIMIT_MS);

/** Its name, in which only a slash of the package's own is escaped. */
const versionOf = (repository: string, name: string, version: string): string =>
  `${REPOSITORIES}/${repository}/packages/${name.replaceAll('/', '%2F')}/versions/${version}`;

/** As Google's client deletes a version with its tags. */
async function remove(name: string): Promise<void> {
  const [operation] = await google.deleteVersion({ name, force: true });
  await operation.promise();
}

interface Deleted {
  readonly name: string;
  readonly version: string;
}

/** Restores what was deleted last under a name. */
async function restore(repository: string, version: string): Promise<void> {
  const { deletedVersions } = (await server.api('GET', `${REPOSITORIES}/${repository}/deletedVersions`)) as {
    readonly deletedVersions: readonly Deleted[];
  };
  const entry = deletedVersions.find((deleted) => deleted.version === version);
  expect(deletedVersions.map((deleted) => deleted.version)).toContain(version);
  await server.api('POST', `${entry?.name}:undelete`, {});
}

const fails = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'it did not fail',
    (error: unknown) => String(error),
  );

const openClient = async (kind: ClientKind): Promise<Client> => {
  const client = await kind.open(await newStage(space, server.host, kind.name));
  await client.login(server);
  return client;
};

describe('what Google’s client deleted and the trash gave back', () => {
  for (const kind of [crane, skopeo])
    describeWith(kind.name, kind.programs, () => {
      check('an image is pulled as it was, by its tag', async () => {
        const image = server.image('images', `restored/${kind.name}`);
        const pushed = await (await openClient(kind)).pushImage(fixtures.image, image, 'v1');
        const stored = await expectPushed(fixtures.image, pushed, image, 'v1');
        const name = versionOf('images', `restored/${kind.name}`, pushed.digest);
        await remove(name);
        expect(await fails((await openClient(kind)).pull(image, 'v1'))).toMatch(/unknown|not found/i);

        await restore('images', name);
        await expectPulled(fixtures.image, await (await openClient(kind)).pull(image, 'v1'), stored);
      });
    });

  describeWith(npm.name, npm.programs, () => {
    check('a package is installed', async () => {
      const registry = await new NpmRepositories(server).standard('npm');
      const walk: NpmWalk = { kind: npm, space };
      const name = '@acme/restored';
      for (const version of ['1.0.0', '1.1.0']) {
        const folder = await writePackage(space, { name, version, says: 'it is back' });
        await (await openNpm(walk, registry)).publish(folder);
      }
      const install = async (): Promise<string> => {
        const project = await writeProject(space, { [name]: '1.1.0' });
        await (await openNpm(walk, registry)).install(project);
        return installed(project, name);
      };
      await remove(versionOf('npm', name, '1.1.0'));
      expect(await fails(install())).toContain('No matching version found for @acme/restored@1.1.0');

      await restore('npm', versionOf('npm', name, '1.1.0'));
      expect(await install()).toBe('1.1.0: it is back');
      expect(await (await openNpm(walk, registry)).view(name, 'dist-tags')).toEqual({ latest: '1.1.0' });
    });
  });

  describeWith(twine.name, twine.programs, () => {
    check('a release is installed', async () => {
      const index = await new PythonRepositories(server).standard('python');
      const walk: PythonWalk = { kind: twine, space };
      const name = 'restored';
      const project = await writePythonProject(space, { name, version: '1.0', says: 'it is back' });
      await (await openPython(walk, index)).publish(project);
      const install = async (): Promise<string | undefined> =>
        said(await (await openPython(walk, index)).install([name]), name);
      await remove(versionOf('python', name, '1.0'));
      expect(await fails(install())).toContain('No matching distribution found for restored');

      await restore('python', versionOf('python', name, '1.0'));
      expect(await install()).toBe('1.0: it is back');
    });
  });
});

/** Where cosign keeps the signatures of an image. */
const signatureTag = (digest: Digest): string => `${digest.replace(':', '-')}.sig`;

const cleanUp = async (repository: string): Promise<void> => {
  const { name } = (await server.api('POST', `${REPOSITORIES}/${repository}:runCleanup`, {})) as Deleted;
  const isDone = async (): Promise<boolean> =>
    ((await server.api('GET', name)) as { readonly done?: boolean }).done === true;
  await until('the cleanup is done', isDone);
};

describeWith('signatures in tags of their own', [...crane.programs, ...oras.programs], () => {
  const policies = [
    ['of what has no tag', { untagged: { action: 'DELETE', condition: { tagState: 'UNTAGGED' } } }],
    [
      'of all but releases',
      {
        all: { action: 'DELETE', condition: { tagState: 'ANY' } },
        releases: { action: 'KEEP', condition: { tagState: 'TAGGED', tagPrefixes: ['release-'] } },
      },
    ],
  ] as const;
  policies.forEach(([what, cleanupPolicies], n) => {
    check(`stay with their image and go with it under a policy ${what}`, async () => {
      const repository = `signed-${n}`;
      await server.api('POST', `${REPOSITORIES}?repositoryId=${repository}`, {
        format: 'DOCKER',
        mode: 'STANDARD_REPOSITORY',
        cleanupPolicies,
      });
      const image = server.image(repository, 'app');
      const client = await openClient(crane);
      const stage = await newStage(space, server.host, 'signer');
      const signer = await oras.open(stage);
      await signer.login(server);
      const sign = async (digest: Digest): Promise<string> => {
        const tag = signatureTag(digest);
        await Bun.write(join(stage.directory, 'payload.json'), JSON.stringify({ digest }));
        const type = 'application/vnd.dev.cosign.simplesigning.v1+json';
        await orasIn(stage)(['push', '--plain-http', reference(image, tag), `payload.json:${type}`], {
          cwd: stage.directory,
        });
        return tag;
      };
      const old = await client.pushIndex(fixtures.nested, image, 'latest');
      const kept = await client.pushImage(fixtures.image, image, 'latest');
      await client.pushImage(fixtures.image, image, 'release-1');
      const [oldSignature, signature] = [await sign(old.digest), await sign(kept.digest)];
      const tags = async (): Promise<ReadonlySet<string>> => new Set(await client.tags?.(image));
      expect(await tags()).toEqual(new Set(['latest', 'release-1', oldSignature, signature]));

      await cleanUp(repository);
      expect(await tags()).toEqual(new Set(['latest', 'release-1', signature]));
      await client.pull(image, signature);
      await client.pull(image, 'release-1');

      await restore(repository, versionOf(repository, 'app', old.digest));
      expect(await tags()).toContain(oldSignature);
      await client.pull(image, oldSignature);
    });
  });
});
