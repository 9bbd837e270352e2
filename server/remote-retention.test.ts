import { beforeAll, describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from './core/blob.ts';
import { layout } from './stores/blobs/layout.ts';
import { ApiCaller, type Json, LOCATION } from './testing/api.ts';
import { besideUpstream } from './testing/beside-upstream.ts';
import { temporary } from './testing/harness.ts';
import type { Descriptor } from './testing/oci.ts';
import { entrepotFor } from './testing/program.ts';
import { status } from './testing/upstream-faults.ts';
import { NpmShelf } from './testing/upstream-npm.ts';
import { ImageShelf } from './testing/upstream-oci.ts';

const DAY = 24 * 3_600_000;

const { server, upstream } = await besideUpstream();
const admin = new ApiCaller(server);
const shelf = new ImageShelf(upstream);
beforeAll(() => {
  server.directory.lock();
  // The database's own clock is the real one.
  server.clock.advance(Math.max(0, Date.now() - server.clock.now()));
});

const get = (path: string) => server.send('GET', path);
/** What is fetched, with its status. */
const fetched = async (path: string): Promise<readonly [number, string]> => {
  const answer = await get(path);
  return [answer.status, await answer.text()];
};

let repositories = 0;
async function remote(format: 'DOCKER' | 'NPM', more: Json = {}): Promise<string> {
  repositories += 1;
  const id = `remote-${repositories}`;
  await admin.ok('POST', `${LOCATION}/repositories?repositoryId=${id}`, {
    format,
    mode: 'REMOTE_REPOSITORY',
    remoteRepositoryConfig: { commonRepository: { uri: upstream.url }, disableUpstreamValidation: true },
    ...more,
  });
  return id;
}

/** An index of two platforms, of which one was fetched, without one of its layers. */
async function halfCopied(name: string, more: Json = {}) {
  const [amd64, arm64] = ['amd64', 'arm64'].map((architecture) =>
    shelf.push(name, architecture, {
      config: { architecture, author: name },
      layers: [`${name} ${architecture} 1`, `${name} ${architecture} 2`],
    }),
  );
  if (!amd64 || !arm64) throw new Error('two platforms');
  const index = shelf.index(name, 'v1', [amd64, arm64]);
  const id = await remote('DOCKER', more);
  const at = `/v2/us-central1-docker/my-project/${id}/${name}`;
  const [layer, missing] = amd64.layers;
  if (!layer || !missing) throw new Error('two layers');
  const paths = {
    index: `${at}/manifests/v1`,
    manifest: `${at}/manifests/${amd64.digest}`,
    config: `${at}/blobs/${amd64.config.digest}`,
    layer: `${at}/blobs/${layer.digest}`,
    missing: `${at}/blobs/${missing.digest}`,
    other: `${at}/manifests/${arm64.digest}`,
  };
  for (const path of [paths.index, paths.manifest, paths.config, paths.layer])
    expect((await fetched(path))[0]).toBe(200);
  return { id, name: `${LOCATION}/repositories/${id}`, index, amd64, arm64, layer, paths };
}

const explained = ({ digest }: Pick<Descriptor, 'digest'>): Promise<Json> =>
  admin.ok('GET', `blobs/${digest}:explain`);
const scrubNow = async (): Promise<void> => {
  server.clock.advance(DAY);
  await server.app.scrub();
};
async function flip({ digest }: { readonly digest: string }): Promise<void> {
  const { generation } = await server.database.read
    .selectFrom('blob')
    .select('generation')
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow();
  const path = layout(server.directory.blobs).object({ digest: digest as Digest, generation });
  const bytes = await readFile(path);
  bytes[1] = (bytes[1] ?? 0) ^ 4;
  await writeFile(path, bytes);
}

const entrepot = (...args: readonly string[]) => entrepotFor(server.directory.root, args);

describe('an image that was copied in part', () => {
  // First, while no row is of another day.
  test('is backed up, restored, and found sound', async () => {
    await halfCopied('saved');
    const root = await temporary();
    const [to, data] = [join(root, 'backups'), join(root, 'restored')];
    expect(await entrepot('backup', to)).toMatchObject({ code: 0, stderr: '' });
    expect(await entrepot('backup', 'verify', to, '--deep')).toMatchObject({ code: 0, stderr: '' });
    expect(await entrepot('restore', to, '--data', data)).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = await entrepot('doctor', '--deep', `--data=${data}`);
    expect({ code, stdout }).toMatchObject({ code: 0 });
    await rm(root, { recursive: true });
  });

  test('is not touched by the collector, whatever of it has not come', async () => {
    const { paths, layer, id } = await halfCopied('held');
    server.clock.advance(60 * DAY);
    await admin.collected();
    expect((await explained(layer)).summary).toContain(
      `in projects/my-project/locations/us-central1/repositories/${id} is made of it`,
    );
    upstream.misbehave(/./, status(503));
    for (const path of [paths.index, paths.manifest, paths.config, paths.layer])
      expect((await fetched(path))[0]).toBe(200);
    expect((await fetched(paths.missing))[0]).toBe(502);
    upstream.behave();
    server.clock.advance(DAY);
    // What comes late is held as well.
    expect((await fetched(paths.missing))[0]).toBe(200);
    server.clock.advance(60 * DAY);
    await admin.collected();
    upstream.misbehave(/./, status(503));
    expect((await fetched(paths.missing))[0]).toBe(200);
  });

  test('goes with a cleanup policy, and its layers with it', async () => {
    const { name, paths, layer, amd64, index } = await halfCopied('cleaned', {
      cleanupPolicies: { old: { action: 'DELETE', condition: { tagState: 'ANY', olderThan: '864000s' } } },
    });
    server.clock.advance(20 * DAY);
    expect((await admin.cleaned(name)).response).toMatchObject({ outcome: 'DONE', deletedCount: '2' });
    server.clock.advance(60 * DAY);
    await admin.collected();
    server.clock.advance(60 * DAY);
    await admin.collected();
    for (const gone of [layer, amd64.config, amd64, index])
      expect((await explained(gone)).summary).toContain('was deleted');
    expect((await fetched(paths.index))[0]).toBe(200);
    expect((await fetched(paths.layer))[1]).toBe('cleaned amd64 1');
  });

  test.each(['index', 'manifest', 'config', 'layer'] as const)(
    'has its %s fetched again when that is damaged',
    async (part) => {
      const { paths, index, amd64, layer } = await halfCopied(`damaged-${part}`);
      const whole = await fetched(paths[part]);
      await flip({ index, manifest: amd64, config: amd64.config, layer }[part]);
      await scrubNow();
      expect(await (await get('/readyz')).text()).toContain('damaged');
      upstream.misbehave(/./, status(503));
      expect((await fetched(paths[part]))[0]).toBe(502);
      upstream.behave();
      server.clock.advance(DAY);
      expect(await fetched(paths[part])).toEqual(whole);
      expect(await (await get('/readyz')).text()).toBe('ok\n');
      upstream.misbehave(/./, status(503));
      expect(await fetched(paths[part])).toEqual(whole);
      server.clock.advance(60 * DAY);
      await admin.collected();
      expect(await fetched(paths[part])).toEqual(whole);
    },
  );
});

test('a damaged index of an upstream, and what was made of it, are fetched and made again', async () => {
  const packages = new NpmShelf(upstream);
  // More than is kept in a row.
  const description = randomBytes(180_000).toString('base64');
  await packages.publish({ name: 'listed', version: '1.0.0', manifest: { description } });
  const path = `/us-central1-npm/my-project/${await remote('NPM')}/listed`;
  const whole = await fetched(path);
  expect(whole[0]).toBe(200);
  const documents = server.database.read
    .selectFrom('document')
    .select('blob_digest as digest')
    .where('key', 'like', '%listed%')
    .where('blob_digest', 'is not', null)
    .$narrowType<{ digest: string }>();
  while ((await documents.execute()).length < 2) await Bun.sleep(5);
  for (const { digest } of await documents.execute()) {
    expect((await explained({ digest })).references).toHaveLength(1);
    await flip({ digest });
  }
  await scrubNow();
  expect(await fetched(path)).toEqual(whole);
  while ((await (await get('/readyz')).text()) !== 'ok\n') await Bun.sleep(5);
});
