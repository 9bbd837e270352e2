import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ArtifactRegistryClient } from '@google-cloud/artifact-registry';
import { buildFixtures, type Fixtures } from './fixtures/image.ts';
import { googleClient } from './harness/google.ts';
import { mediaTypes } from './harness/oci.ts';
import { pushTree } from './harness/push.ts';
import { childrenOf } from './harness/registry.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 120_000;
const LOCATION = 'projects/my-project/locations/us-central1';
const IMAGES = `${LOCATION}/repositories/images`;
const SECRET = 'projects/my-project/secrets/upstream/versions/latest';
/** google.rpc.Code, which the REST transport shows as the HTTP status. */
const NOT_FOUND = 404;
const CONFLICT = 409;
const BAD_REQUEST = 400;

let server: Server;
let space: Scratch;
let fixtures: Fixtures;
let client: ArtifactRegistryClient;

beforeAll(async () => {
  space = await scratch('google');
  fixtures = await buildFixtures(join(space.path, 'fixtures'));
  server = await startServer({ flags: ['--secrets', join(space.path, 'secrets')] });
  client = await googleClient(server);
  await server.createDockerRepository('images');
  for (const [name, tag] of [
    ['app', 'v1'],
    ['team/app', 'latest'],
  ] as const)
    await pushTree(server.image('images', name), fixtures.multi, tag);
}, LIMIT_MS);

afterAll(async () => {
  await client.close();
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

/** The HTTP status that a call was refused with; fails when it was not refused. */
async function statusOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
  throw new Error('the call succeeded');
}

async function createRepository(id: string, description = ''): Promise<void> {
  const repository = { format: 'DOCKER', mode: 'STANDARD_REPOSITORY', description } as const;
  const [operation] = await client.createRepository({ parent: LOCATION, repositoryId: id, repository });
  await operation.promise();
}

const inPackage = (name: string): string => `${IMAGES}/packages/${name}`;
const versionOf = (name: string, digest: string): string => `${inPackage(name)}/versions/${digest}`;
const tagOf = (name: string, tag: string): string => `${inPackage(name)}/tags/${tag}`;

/** The deletion of a version with its tags. */
const deletion = (name: string) =>
  client.deleteVersion({ name, force: true }).then(([started]) => started.promise());

describe('@google-cloud/artifact-registry over REST', () => {
  describe('repositories', () => {
    test('creates one, waits for the operation, and reads what it made', async () => {
      const [operation] = await client.createRepository({
        parent: LOCATION,
        repositoryId: 'created',
        repository: {
          format: 'DOCKER',
          mode: 'STANDARD_REPOSITORY',
          description: 'made by a test',
          labels: { team: 'shop' },
          dockerConfig: { immutableTags: true },
        },
      });
      const [made] = await operation.promise();
      expect(made.name).toBe(`${LOCATION}/repositories/created`);

      const [read] = await client.getRepository({ name: `${LOCATION}/repositories/created` });
      expect(read).toMatchObject({
        name: `${LOCATION}/repositories/created`,
        format: 'DOCKER',
        mode: 'STANDARD_REPOSITORY',
        description: 'made by a test',
        labels: { team: 'shop' },
        dockerConfig: { immutableTags: true },
      });
      expect(Number(read.createTime?.seconds)).toBeGreaterThan(0);
      expect(read.registryUri).toContain('us-central1-docker');
    });

    test('creates, reads, lists and changes remote and virtual ones', async () => {
      const made = async (repositoryId: string, repository: object): Promise<void> => {
        const request = {
          parent: LOCATION,
          repositoryId,
          repository: { format: 'DOCKER' as const, ...repository },
        };
        const [operation] = await client.createRepository(request);
        await operation.promise();
      };
      const disableUpstreamValidation = true;
      const usernamePasswordCredentials = { username: 'ci', passwordSecretVersion: SECRET };
      await made('hub', {
        mode: 'REMOTE_REPOSITORY',
        remoteRepositoryConfig: {
          description: 'well known',
          dockerRepository: { publicRepository: 'DOCKER_HUB' },
          disableUpstreamValidation,
        },
      });
      await made('custom', {
        mode: 'REMOTE_REPOSITORY',
        remoteRepositoryConfig: {
          dockerRepository: { customRepository: { uri: 'https://up.example' } },
          upstreamCredentials: { usernamePasswordCredentials },
          disableUpstreamValidation,
        },
      });
      await made('common', {
        mode: 'REMOTE_REPOSITORY',
        remoteRepositoryConfig: { commonRepository: { uri: IMAGES } },
      });
      const upstreamPolicies = ['hub', 'custom'].map((id, at) => ({
        id,
        repository: `${LOCATION}/repositories/${id}`,
        priority: 10 * (at + 1),
      }));
      await made('all', { mode: 'VIRTUAL_REPOSITORY', virtualRepositoryConfig: { upstreamPolicies } });

      const read = async (id: string) => {
        const [repository] = await client.getRepository({ name: `${LOCATION}/repositories/${id}` });
        return repository;
      };
      expect(await read('hub')).toMatchObject({
        mode: 'REMOTE_REPOSITORY',
        remoteRepositoryConfig: {
          description: 'well known',
          dockerRepository: { publicRepository: 'DOCKER_HUB' },
        },
      });
      expect((await read('custom')).remoteRepositoryConfig).toMatchObject({
        dockerRepository: { customRepository: { uri: 'https://up.example' } },
        upstreamCredentials: { usernamePasswordCredentials },
      });
      expect((await read('common')).remoteRepositoryConfig).toMatchObject({
        commonRepository: { uri: IMAGES },
      });
      expect(await read('all')).toMatchObject({
        mode: 'VIRTUAL_REPOSITORY',
        virtualRepositoryConfig: { upstreamPolicies },
      });
      const [listed] = await client.listRepositories({ parent: LOCATION });
      const modes = new Map(listed.map(({ name, mode }) => [name?.split('/').at(-1), mode]));
      expect(modes.get('common')).toBe('REMOTE_REPOSITORY');
      expect(modes.get('all')).toBe('VIRTUAL_REPOSITORY');

      const [renamed] = await client.updateRepository({
        repository: {
          name: `${LOCATION}/repositories/custom`,
          remoteRepositoryConfig: {
            upstreamCredentials: { usernamePasswordCredentials: { username: 'robot' } },
            disableUpstreamValidation,
          },
        },
        updateMask: {
          paths: ['remote_repository_config.upstream_credentials.username_password_credentials.username'],
        },
      });
      expect(renamed.remoteRepositoryConfig?.upstreamCredentials).toMatchObject({
        usernamePasswordCredentials: { username: 'robot', passwordSecretVersion: SECRET },
      });
      const [fewer] = await client.updateRepository({
        repository: {
          name: `${LOCATION}/repositories/all`,
          virtualRepositoryConfig: { upstreamPolicies: upstreamPolicies.slice(0, 1) },
        },
        updateMask: { paths: ['virtual_repository_config'] },
      });
      expect(fewer.virtualRepositoryConfig?.upstreamPolicies).toHaveLength(1);
    });

    test('reads one that has what Google has not', async () => {
      const body = {
        format: 'DOCKER',
        mode: 'REMOTE_REPOSITORY',
        remoteRepositoryConfig: {
          commonRepository: { uri: 'https://up.example' },
          upstreamCredentials: { usernamePasswordCredentials: { username: 'ci', password: 'secret' } },
          cacheConfig: { indexMaxAge: '60s' },
          safetyRules: { deny: ['left-pad'] },
          disableUpstreamValidation: true,
        },
      };
      const answer = await fetch(`http://${server.host}/v1/${LOCATION}/repositories?repositoryId=beyond`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await server.accessToken()}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(200);
      const [read] = await client.getRepository({ name: `${LOCATION}/repositories/beyond` });
      expect(read.remoteRepositoryConfig).toMatchObject({
        commonRepository: { uri: 'https://up.example' },
        upstreamCredentials: { usernamePasswordCredentials: { username: 'ci' } },
      });
    });

    test('keeps cleanup policies, which then do what they say', async () => {
      await createRepository('cleaned');
      const name = `${LOCATION}/repositories/cleaned`;
      const cleanupPolicies = {
        untagged: {
          id: 'untagged',
          action: 'DELETE' as const,
          condition: { tagState: 'UNTAGGED' as const, olderThan: { seconds: 0, nanos: 1000 } },
        },
        recent: {
          id: 'recent',
          action: 'KEEP' as const,
          mostRecentVersions: { keepCount: 5, packageNamePrefixes: ['team/'] },
        },
      };
      const [set] = await client.updateRepository({
        repository: { name, cleanupPolicies, cleanupPolicyDryRun: true },
        updateMask: { paths: ['cleanup_policies', 'cleanup_policy_dry_run'] },
      });
      expect(set.cleanupPolicyDryRun).toBe(true);
      const [read] = await client.getRepository({ name });
      expect(read.cleanupPolicies).toMatchObject({
        untagged: { action: 'DELETE', condition: { tagState: 'UNTAGGED' } },
        recent: { action: 'KEEP', mostRecentVersions: { keepCount: 5, packageNamePrefixes: ['team/'] } },
      });
      expect(Number(read.cleanupPolicies?.['untagged']?.condition?.olderThan?.nanos)).toBe(1000);

      const tree = server.image('cleaned', 'app');
      await pushTree(tree, fixtures.multi, 'v1');
      const versions = async () => {
        const [all] = await client.listVersions({ parent: `${name}/packages/app` });
        return all.length;
      };
      const before = await versions();
      await client.deleteTag({ name: `${name}/packages/app/tags/v1` });
      type Run = { readonly name: string; readonly done?: boolean };
      let run = (await server.api('POST', `${name}:runCleanup`, {})) as Run;
      while (run.done !== true) run = (await server.api('GET', run.name)) as Run;
      expect([before > 1, await versions()]).toEqual([true, 0]);
    });

    test('lists them page by page', async () => {
      for (const id of ['page-a', 'page-b', 'page-c']) await createRepository(id);
      const names: string[] = [];
      for await (const { name } of client.listRepositoriesAsync({ parent: LOCATION, pageSize: 2 }))
        names.push(name?.split('/').at(-1) ?? '');
      expect(names).toEqual(expect.arrayContaining(['images', 'page-a', 'page-b', 'page-c']));
      expect(new Set(names).size).toBe(names.length);

      const request = { parent: LOCATION, pageSize: 2 };
      const [page, , raw] = await client.listRepositories(request, { autoPaginate: false });
      expect(page).toHaveLength(2);
      expect(raw?.nextPageToken).toBeTruthy();
    });

    test('filters and orders them', async () => {
      await createRepository('filter-b');
      await createRepository('filter-a');
      const [found] = await client.listRepositories({
        parent: LOCATION,
        filter: `name="${LOCATION}/repositories/filter-*"`,
        orderBy: 'name desc',
      });
      expect(found.map(({ name }) => name?.split('/').at(-1))).toEqual(['filter-b', 'filter-a']);
    });

    test('changes the fields of the mask and no others', async () => {
      await createRepository('patched', 'before');
      const name = `${LOCATION}/repositories/patched`;
      const [patched] = await client.updateRepository({
        repository: { name, description: 'after', labels: { not: 'in-the-mask' } },
        updateMask: { paths: ['description'] },
      });
      expect(patched.description).toBe('after');
      const [read] = await client.getRepository({ name });
      expect(read.description).toBe('after');
      expect(read.labels).toEqual({});
    });

    test('deletes one with everything in it', async () => {
      await createRepository('doomed');
      const name = `${LOCATION}/repositories/doomed`;
      const [operation] = await client.deleteRepository({ name });
      await operation.promise();
      expect(await statusOf(client.getRepository({ name }))).toBe(NOT_FOUND);
    });

    test('is told what is wrong', async () => {
      await createRepository('twice');
      expect(await statusOf(createRepository('twice'))).toBe(CONFLICT);
      expect(await statusOf(createRepository('Upper_Case'))).toBe(BAD_REQUEST);
      const missing = client.getRepository({ name: `${LOCATION}/repositories/missing` });
      expect(await statusOf(missing)).toBe(NOT_FOUND);
    });
  });

  describe('packages', () => {
    test('lists images, nested names escaped', async () => {
      const [packages] = await client.listPackages({ parent: IMAGES });
      expect(packages.map(({ name }) => name)).toEqual([inPackage('app'), inPackage('team%2Fapp')]);
    });

    test('reads one with a nested name', async () => {
      const [read] = await client.getPackage({ name: inPackage('team%2Fapp') });
      expect(read.name).toBe(inPackage('team%2Fapp'));
      expect(Number(read.updateTime?.seconds)).toBeGreaterThan(0);
    });

    test('deletes one with its versions and tags', async () => {
      await pushTree(server.image('images', 'short-lived'), fixtures.image, 'v1');
      const [operation] = await client.deletePackage({ name: inPackage('short-lived') });
      await operation.promise();
      expect(await statusOf(client.getPackage({ name: inPackage('short-lived') }))).toBe(NOT_FOUND);
    });
  });

  describe('versions', () => {
    test('lists the index and its images, with tags in the full view only', async () => {
      const digests = [fixtures.multi.root.digest, ...childrenOf(fixtures.multi)];
      const parent = inPackage('app');
      const [basic] = await client.listVersions({ parent, view: 'BASIC' });
      expect(new Set(basic.map(({ name }) => name))).toEqual(
        new Set(digests.map((digest) => versionOf('app', digest))),
      );
      expect(basic.flatMap(({ relatedTags }) => relatedTags ?? [])).toEqual([]);

      const [full] = await client.listVersions({ parent, view: 'FULL' });
      const tagged = full.filter(({ relatedTags }) => (relatedTags ?? []).length > 0);
      expect(tagged.map(({ name }) => name)).toEqual([versionOf('app', fixtures.multi.root.digest)]);
      expect(tagged[0]?.relatedTags?.[0]).toMatchObject({
        name: `${inPackage('app')}/tags/v1`,
        version: versionOf('app', fixtures.multi.root.digest),
      });
    });

    test('reads one, of an image with a nested name', async () => {
      const name = versionOf('team%2Fapp', fixtures.multi.root.digest);
      const [read] = await client.getVersion({ name, view: 'FULL' });
      expect(read.name).toBe(name);
      expect(read.relatedTags?.map((tag) => tag.name)).toEqual([`${inPackage('team%2Fapp')}/tags/latest`]);
      expect(read.metadata?.fields?.['mediaType']?.stringValue).toBe(mediaTypes.index);
    });

    test('deletes a tagged one only when forced', async () => {
      await pushTree(server.image('images', 'forced'), fixtures.image, 'v1');
      const name = versionOf('forced', fixtures.image.root.digest);
      expect(await statusOf(client.deleteVersion({ name }).then(([started]) => started.promise()))).toBe(
        BAD_REQUEST,
      );
      const [operation] = await client.deleteVersion({ name, force: true });
      await operation.promise();
      expect(await statusOf(client.getVersion({ name }))).toBe(NOT_FOUND);
      // It can be restored, and no list that this client knows tells of it.
      const [versions] = await client.listVersions({ parent: inPackage('forced') });
      expect(versions).toEqual([]);
    });

    test('deletes no part of an index while that is there, and then both', async () => {
      await pushTree(server.image('images', 'parts'), fixtures.multi, 'v1');
      const [child = ''] = childrenOf(fixtures.multi);
      const names = [fixtures.multi.root.digest, child].map((digest) => versionOf('parts', digest));
      const [index = '', part = ''] = names;

      expect(await statusOf(deletion(part))).toBe(BAD_REQUEST);
      await deletion(index);
      await deletion(part);

      for (const name of names) expect(await statusOf(client.getVersion({ name }))).toBe(NOT_FOUND);
    });
  });

  describe('tags', () => {
    test('creates, moves, lists and deletes them', async () => {
      await pushTree(server.image('images', 'tagged'), fixtures.multi, 'first');
      const parent = inPackage('tagged');
      const [amd64 = ''] = childrenOf(fixtures.multi);
      const index = `${parent}/versions/${fixtures.multi.root.digest}`;
      const image = `${parent}/versions/${amd64}`;

      const name = tagOf('tagged', 'second');
      const [created] = await client.createTag({ parent, tagId: 'second', tag: { name, version: index } });
      expect(created).toMatchObject({ name, version: index });
      const again = client.createTag({ parent, tagId: 'second', tag: { version: index } });
      expect(await statusOf(again)).toBe(CONFLICT);

      const [moved] = await client.updateTag({
        tag: { name, version: image },
        updateMask: { paths: ['version'] },
      });
      expect(moved.version).toBe(image);
      const [read] = await client.getTag({ name });
      expect(read.version).toBe(image);

      const [listed] = await client.listTags({ parent });
      expect(listed.map((tag) => tag.name)).toEqual([tagOf('tagged', 'first'), name]);
      const [filtered] = await client.listTags({ parent, filter: `version="${index}"` });
      expect(filtered.map((tag) => tag.name)).toEqual([tagOf('tagged', 'first')]);

      await client.deleteTag({ name });
      expect(await statusOf(client.getTag({ name }))).toBe(NOT_FOUND);
    });
  });

  describe('docker images', () => {
    test('lists every image and reads one by digest', async () => {
      const digest = fixtures.multi.root.digest;
      const [listed] = await client.listDockerImages({ parent: IMAGES });
      const names = listed.map(({ name }) => name);
      expect(names).toContain(`${IMAGES}/dockerImages/app@${digest}`);
      expect(names).toContain(`${IMAGES}/dockerImages/team%2Fapp@${digest}`);

      const [read] = await client.getDockerImage({ name: `${IMAGES}/dockerImages/team%2Fapp@${digest}` });
      expect(read).toMatchObject({ mediaType: mediaTypes.index, tags: ['latest'] });
      expect(read.uri).toEndWith(`/my-project/images/team/app@${digest}`);
      expect(Number(read.uploadTime?.seconds)).toBeGreaterThan(0);
    });

    test('knows the size of an image', async () => {
      await pushTree(server.image('images', 'sized'), fixtures.image, 'v1');
      const name = `${IMAGES}/dockerImages/sized@${fixtures.image.root.digest}`;
      const [read] = await client.getDockerImage({ name });
      const sizes = [...fixtures.image.contents.values()].map((bytes) => bytes.byteLength);
      const layers = sizes.filter((bytes) => bytes > 10_000).reduce((sum, bytes) => sum + bytes, 0);
      expect(Number(read.imageSizeBytes)).toBeGreaterThanOrEqual(layers);
      expect(Number(read.imageSizeBytes)).toBeLessThanOrEqual(sizes.reduce((sum, bytes) => sum + bytes, 0));
    });
  });

  describe('files', () => {
    test('lists blobs and manifests with their checksums', async () => {
      const found = new Map<string, number>();
      for await (const file of client.listFilesAsync({ parent: IMAGES, pageSize: 3 })) {
        const hash = file.hashes?.find(({ type }) => type === 'SHA256')?.value;
        const digest = `sha256:${Buffer.from((hash ?? '') as string, 'base64').toString('hex')}`;
        expect(file.name?.split('/').at(-1)).toEndWith(digest);
        found.set(digest, Number(file.sizeBytes));
      }
      for (const [digest, bytes] of fixtures.multi.contents) expect(found.get(digest)).toBe(bytes.byteLength);
    });
  });

  describe('locations', () => {
    test('lists them', async () => {
      const ids: string[] = [];
      for await (const { locationId } of client.listLocationsAsync({ name: 'projects/my-project' }))
        ids.push(locationId ?? '');
      expect(ids).toEqual(expect.arrayContaining(['us-central1', 'europe', 'asia']));
    });
  });
});
