import { afterEach, beforeEach, describe, expect, it } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ApiCaller, IMAGES, type Json } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { freshImage, type ImageClient, NOWHERE } from '../testing/oci.ts';

const DAY = 24 * 3_600_000;

let server: TestServer;
let admin: ApiCaller;
let image: ImageClient;
beforeEach(async () => {
  server = await TestServer.start(['--gc', 'off', '--gc-sweep-delay', '10m', '--gc-quarantine', '0s']);
  // The database's own clock is the real one.
  server.clock.advance(Date.now() - server.clock.now());
  admin = new ApiCaller(server);
  image = freshImage(server);
});
afterEach(() => server[Symbol.asyncDispose]());

const run = (force?: boolean): Promise<Json> => admin.collected(force);
const explain = (digest: string): Promise<Json> => admin.get(`blobs/${digest}:explain`);

describe('the collection of garbage', () => {
  it('frees a layer that nothing came to need, and can tell when', async () => {
    const { digest } = await image.blob('layer');
    const { digest: manifest } = await image.image('v1');
    server.clock.advance(2 * DAY);
    expect(await run()).toMatchObject({ filesRemoved: '1', condemned: { blobs: '1', sizeBytes: '5' } });
    expect((await explain(digest)).summary).toMatch(/^Nothing needs it: it is deleted after 20/);
    expect(await admin.get('garbageCollection')).toMatchObject({
      scheduled: false,
      stored: { blobs: '4' },
      condemned: { blobs: '1', sizeBytes: '5' },
      lastRun: { filesRemoved: '1', forced: true },
    });

    server.clock.advance(600_001);
    expect(await run()).toMatchObject({ freed: { blobs: '1', sizeBytes: '5' }, failures: '0' });

    const told = await explain(digest);
    expect(told.summary).toMatch(/^It was deleted on 20/);
    expect(told).toMatchObject({ references: [], freed: { sizeBytes: '5' } });
    expect(await admin.get('garbageCollection')).toMatchObject({ freed: { blobs: '1', sizeBytes: '5' } });
    expect((await image.send('GET', `manifests/${manifest}`)).status).toBe(200);
    const metrics = await (await server.send('GET', '/metrics')).text();
    expect(metrics).toContain('entrepot_garbage_freed_bytes_total 5\n');
    const entries = await server.database.read
      .selectFrom('audit_entry')
      .select(['subject', 'response'])
      .where('method', '=', 'entrepot.v1.Storage.CollectGarbage')
      .execute();
    expect(entries).toEqual([
      { subject: 'system:garbage-collector', response: '{"blobsFreed":"1","freedBytes":"5"}' },
    ]);
  });

  it('only says what it would do, in a dry run', async () => {
    await image.blob('layer');
    server.clock.advance(2 * DAY);
    const before = await server.database.read.selectFrom('gc_queue').selectAll().execute();

    const answer = await server.send('POST', '/v1/garbageCollection:run', {
      headers: { 'content-type': 'application/json' },
      body: '{"dryRun": true}',
    });

    expect(await answer.json()).toMatchObject({ dryRun: true, filesRemoved: '1', freed: { blobs: '0' } });
    expect(await server.database.read.selectFrom('gc_queue').selectAll().execute()).toEqual(before);
    expect((await admin.get('garbageCollection')).lastRun).toBeUndefined();
  });

  it('sets objects aside that are in no table, and deletes them', async () => {
    const { digest } = await image.blob('layer');
    await server.database.transaction(async (tx) => {
      await tx.deleteFrom('file').execute();
      await tx.deleteFrom('blob').execute();
    });
    server.clock.advance(DAY);
    const asides = join(server.directory.blobs, 'quarantine');

    expect(await run()).toMatchObject({
      quarantined: { blobs: '1', sizeBytes: '5' },
      purged: { blobs: '1', sizeBytes: '5' },
    });

    expect(readdirSync(join(server.directory.blobs, 'sha256', digest.slice(7, 9)))).toEqual([]);
    expect(readdirSync(asides)).toEqual([]);
    expect(await run()).toMatchObject({ quarantined: { blobs: '0' }, purged: { blobs: '0' } });
  });
});

describe('what explains a blob', () => {
  it('names the version that is made of it, and the lease of what waits for one', async () => {
    const { digest } = await image.image('v1', 'seed');
    const document = await (await image.send('GET', `manifests/${digest}`)).json();
    const [layer] = (document as Json).layers;
    expect(await explain(layer.digest)).toMatchObject({
      state: 'LIVE',
      references: [{ repository: IMAGES, versions: [digest] }],
      summary: expect.stringContaining(`because ${digest} of `),
    });
    const { digest: loose } = await image.blob('loose');
    const told = await explain(loose);
    expect(told.summary).toMatch(
      /^It is kept until 20.* for the version that it was uploaded for, in projects\//,
    );
    expect(told.references[0].leaseExpireTime).toBeDefined();
    expect(told.review).toMatchObject({ reason: 'created', attempts: 0 });
  });

  it('knows nothing of what was never here, and refuses what is no digest', async () => {
    expect(await explain(NOWHERE)).toEqual({
      digest: NOWHERE,
      summary: 'It is not stored here, and was not deleted lately.',
      references: [],
    });
    expect(await admin.refused('GET', 'blobs/sha256:x:explain')).toMatchObject({
      status: 400,
      field: 'digest',
    });
    expect(await admin.refused('GET', 'garbageCollection/runs/none')).toMatchObject({ status: 404 });
  });
});
