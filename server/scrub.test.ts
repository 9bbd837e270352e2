import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { lstat, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import type { Digest } from './core/blob.ts';
import { damagedBlobs } from './ops/doctor/damaged-blobs.ts';
import { layout } from './stores/blobs/layout.ts';
import { dataPaths } from './stores/data-directory.ts';
import { TestServer } from './testing/harness.ts';
import { type Descriptor, freshImage, type ImageClient, refusal } from './testing/oci.ts';

const DAY = 24 * 3_600_000;
const LARGE = 'x'.repeat(200_000);

let server: TestServer;
let image: ImageClient;
let small: Descriptor;
let large: Descriptor;
beforeEach(async () => {
  server = await TestServer.start();
  image = freshImage(server);
  small = await image.image('a');
  large = await image.blob(LARGE);
});
afterEach(() => server[Symbol.asyncDispose]());

async function objectOf({ digest }: Pick<Descriptor, 'digest'>): Promise<string> {
  const { generation } = await server.database.read
    .selectFrom('blob')
    .select('generation')
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow();
  return layout(server.directory.blobs).object({ digest: digest as Digest, generation });
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[1] = (bytes[1] ?? 0) ^ 4;
  await writeFile(path, bytes);
}

const text = async (path: string): Promise<string> => (await server.send('GET', path)).text();
const scrubNow = async (): Promise<void> => {
  server.clock.advance(DAY);
  await server.app.scrub();
};

/** A failure of the server's, which says what helps and not where things are. */
async function refusedAsDamaged(answer: Response): Promise<void> {
  expect({ status: answer.status, body: await answer.json() }).toMatchObject({
    status: 503,
    body: {
      errors: [{ message: 'the stored content is damaged, so it is not served; push it again to repair it' }],
    },
  });
}

describe('damaged content', () => {
  const damages: readonly (readonly [
    what: string,
    damage: (path: string) => Promise<void>,
    state: string,
  ])[] = [
    ['a flipped bit', flip, 'CORRUPT'],
    ['a lost end', (path) => truncate(path, 10), 'CORRUPT'],
    ['no object any more', (path) => rm(path), 'MISSING'],
  ];
  test.each(damages)('with %s is not served until it is pushed again', async (_, damage, state) => {
    const path = await objectOf(large);
    await damage(path);
    await scrubNow();

    await refusedAsDamaged(await image.send('GET', `blobs/${large.digest}`));
    expect((await image.send('HEAD', `blobs/${large.digest}`)).status).toBe(404);
    expect(await text('/readyz')).toBe(
      'ok, but some stored content is damaged and not served; entrepot scrub says which\n',
    );
    expect(await text('/metrics')).toContain('\nentrepot_blobs_damaged 1\n');
    expect(await (await server.send('GET', '/v1/scrub')).json()).toMatchObject({
      damagedBlobs: '1',
      damaged: [
        {
          digest: large.digest,
          sizeBytes: '200000',
          damage: state,
          repositories: ['projects/my-project/locations/us-central1/repositories/images'],
        },
      ],
    });
    expect(server.logged.filter(({ message }) => message.startsWith('stored content'))).toMatchObject([
      { level: 'error', fields: { digest: large.digest } },
    ]);

    await image.blob(LARGE);
    const healed = await image.send('GET', `blobs/${large.digest}`);
    expect([healed.status, await healed.text()]).toEqual([200, LARGE]);
    expect(await text('/readyz')).toBe('ok\n');
    expect(await text('/metrics')).toContain('\nentrepot_blobs_damaged 0\n');
    expect(await objectOf(large)).not.toBe(path);
    await scrubNow();
    expect((await image.send('GET', `blobs/${large.digest}`)).status).toBe(200);
  });

  test('is set aside, and not served from memory either', async () => {
    // Now it is in memory.
    expect((await image.send('GET', 'manifests/a')).status).toBe(200);
    const path = await objectOf(small);
    await flip(path);
    await scrubNow();

    for (const reference of ['a', small.digest]) {
      await refusedAsDamaged(await image.send('GET', `manifests/${reference}`));
      expect((await image.send('HEAD', `manifests/${reference}`)).status).toBe(404);
    }
    expect(await lstat(path).catch(() => 'gone')).toBe('gone');
    const aside = path.replace(/sha256\/..\//, 'quarantine/');
    expect((await lstat(aside)).size).toBe(small.size);

    await image.image('a');
    expect((await image.send('GET', 'manifests/a')).status).toBe(200);
  });

  test('is not told from what does not exist to whoever may not read it', async () => {
    await flip(await objectOf(large));
    await scrubNow();
    const stranger = await server.account('stranger');
    const [there, nowhere] = await Promise.all(
      [image.name, 'us-central1-docker/my-project/nothing/x'].map((name) =>
        server.send('GET', `/v2/${name}/blobs/${large.digest}`, { as: stranger }),
      ),
    );
    expect(there?.status).toBe(nowhere?.status ?? 0);
    expect(there?.status).not.toBe(503);
  });

  test('cannot be named by a manifest, nor mounted', async () => {
    const document = await image.document('again');
    const { layers } = JSON.parse(document) as { layers: readonly [Descriptor] };
    await flip(await objectOf(layers[0]));
    await scrubNow();
    await refusal(await image.put('again', document), 404, 'MANIFEST_BLOB_UNKNOWN');
    const other = freshImage(server);
    const mount = await other.send(
      'POST',
      `blobs/uploads/?mount=${layers[0].digest}&from=${image.name.slice(3)}`,
    );
    expect(mount.status).toBe(202);
  });

  test('whose store is away altogether is not taken for lost', async () => {
    const { blobs } = dataPaths(server.directory.root);
    await rename(blobs, `${blobs}.away`);
    await scrubNow();
    await rename(`${blobs}.away`, blobs);
    expect(await server.database.read.selectFrom('blob').select('state').distinct().execute()).toEqual([
      { state: 'live' },
    ]);
    expect(server.logged.map(({ message }) => message)).toContain('the scrub could not read; it tries again');
    expect((await image.send('GET', `blobs/${large.digest}`)).status).toBe(200);
  });

  test('is told by the doctor', async () => {
    await flip(await objectOf(large));
    await scrubNow();
    const patient = { database: server.database.reading } as unknown as Parameters<
      typeof damagedBlobs.run
    >[0];
    expect(await damagedBlobs.run(patient)).toMatchObject({
      level: 'fail',
      says: `1 blob not served, as what is stored is damaged or lost: ${large.digest} is corrupt`,
    });
  });
});

describe('the scrub', () => {
  test('is asked for over the API, and says how it went', async () => {
    await server.app.scrub();
    const asked = await server.send('POST', '/v1/scrub:run');
    expect(asked.status).toBe(200);
    const { requestTime } = (await asked.json()) as { readonly requestTime: string };
    // It was begun by the request; this waits for its end.
    await server.app.scrub();
    expect(await (await server.send('GET', '/v1/scrub')).json()).toMatchObject({
      scheduled: true,
      bytesPerSecond: '8388608',
      blobs: '4',
      lastPass: { startTime: requestTime, blobs: '4' },
      damagedBlobs: '0',
      damaged: [],
    });
  });
});

describe('a scrub that is switched off', () => {
  test('is done on request all the same', async () => {
    await using quiet = await TestServer.start(['--scrub=false', '--scrub-rate=1MiB']);
    await freshImage(quiet).image('a');
    await quiet.app.scrub();
    const before: unknown = await (await quiet.send('GET', '/v1/scrub')).json();
    expect(before).toMatchObject({ scheduled: false, bytesPerSecond: '1048576', blobs: '3' });
    expect(before).not.toHaveProperty('lastPass');
    await quiet.send('POST', '/v1/scrub:run');
    await quiet.app.scrub();
    expect(await (await quiet.send('GET', '/v1/scrub')).json()).toMatchObject({ lastPass: { blobs: '3' } });
  });
});
