import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { BlobInfo } from '../../core/blob.ts';
import type { ImageClient } from '../../testing/oci.ts';
import { descriptorOf, digestOf, freshImage, INDEX, MANIFEST } from '../../testing/oci.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { TestServer } from '../../testing/harness.ts';

/** What the schema does by itself, so that no code path can forget it. Driven through the front door. */

let server: TestServer;
let image: ImageClient;
beforeEach(async () => {
  server = await TestServer.start();
  image = freshImage(server);
});
afterEach(() => server[Symbol.asyncDispose]());

const queue = async () => {
  const rows = await server.database.read.selectFrom('gc_queue').selectAll().execute();
  return new Map(rows.map(({ kind, key, reason, due_at }) => [`${kind} ${key}`, { reason, due: due_at }]));
};
/** Empties the collector's list, so that only what comes next is on it. */
const settle = () => server.database.transaction((tx) => tx.deleteFrom('gc_queue').execute());
const reasons = async () =>
  Object.fromEntries([...(await queue())].map(([key, { reason }]) => [key, reason]));
const idOf = async (table: 'file' | 'version', name: string): Promise<string> => {
  const { read } = server.database;
  const row =
    table === 'file'
      ? await read.selectFrom('file').select('id').where('path', 'like', `%${name}`).executeTakeFirstOrThrow()
      : await read.selectFrom('version').select('id').where('name', '=', name).executeTakeFirstOrThrow();
  return `${table} ${row.id}`;
};
const LEASE = 24 * 3_600_000;

describe('the collector’s list', () => {
  test('gets a blob when it is created, and a loose file for when its lease is over', async () => {
    const { digest } = await image.blob('layer');

    const list = await queue();
    const file = await idOf('file', digest);
    expect([...list.keys()].sort()).toEqual([`blob ${digest}`, file].sort());
    expect(list.get(`blob ${digest}`)?.reason).toBe('created');
    expect(list.get(file)).toEqual({ reason: 'lease', due: server.clock.now() + LEASE });
  });

  test('gets a file again, later, when its lease is renewed', async () => {
    const { digest } = await image.blob('layer');
    server.clock.advance(LEASE / 2 + 1);

    await image.send('HEAD', `blobs/${digest}`);

    expect((await queue()).get(await idOf('file', digest))?.due).toBe(server.clock.now() + LEASE);
  });

  test('gets the bytes of a version when it is published', async () => {
    const document = await image.document('x');
    await settle();

    const { digest } = await image.push('v1', document);

    expect(await reasons()).toEqual({ [`blob ${digest}`]: 'created' });
  });

  test('gets nothing when tags move and go: what they named stays until somebody deletes it', async () => {
    await image.image('latest', 'old');
    const document = await image.document('new');
    await image.push('new', document);
    await settle();

    await image.push('latest', document);
    await image.push('latest', document);
    await image.send('DELETE', 'manifests/latest');

    expect(await reasons()).toEqual({});
  });

  test('gets what a version needed, when the version goes', async () => {
    const document = await image.document('x');
    const { digest } = await image.push('v1', document);
    const { config, layers } = JSON.parse(document) as {
      config: { digest: string };
      layers: [{ digest: string }];
    };
    await settle();

    await image.send('DELETE', `manifests/${digest}`);

    expect(await reasons()).toEqual({
      [await idOf('file', config.digest)]: 'released',
      [await idOf('file', layers[0].digest)]: 'released',
      [`blob ${digest}`]: 'released',
    });
  });

  test('gets none of the children of an index that goes', async () => {
    const child = await image.image('child');
    const document = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [child] });
    const index = await image.push('list', document, INDEX);
    await settle();

    await image.send('DELETE', `manifests/${index.digest}`);

    expect(await reasons()).toEqual({ [`blob ${index.digest}`]: 'released' });
  });

  test('gets the bytes of a loose file that is deleted', async () => {
    const { digest } = await image.blob('layer');
    await settle();

    await image.send('DELETE', `blobs/${digest}`);

    expect(await reasons()).toEqual({ [`blob ${digest}`]: 'released' });
  });

  test('puts a review off when there is a reason more, and never brings it forward', async () => {
    const { digest } = await image.blob('layer');
    const far = Date.now() + 1e9;
    await server.database.transaction((tx) =>
      tx.updateTable('gc_queue').set({ due_at: far }).where('kind', '=', 'blob').execute(),
    );

    await image.send('DELETE', `blobs/${digest}`);

    expect((await queue()).get(`blob ${digest}`)).toEqual({ reason: 'released', due: far });
  });

  test('never has what is not there', async () => {
    for (const name of ['a', 'b']) await image.image(name);
    const child = await image.image('child');
    const document = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [child] });
    await image.push('list', document, INDEX);
    await server.database.transaction(async (tx) => {
      for (const table of ['version', 'file', 'repository'] as const) await tx.deleteFrom(table).execute();
    });

    const { read } = server.database;
    const files = (await read.selectFrom('file').select('id').execute()).map(({ id }) => `file ${id}`);
    const known = new Set(files);
    const stale = [...(await queue()).keys()].filter((key) => !key.startsWith('blob ') && !known.has(key));

    expect(stale).toEqual([]);
    const blobs = await read.selectFrom('blob').select('digest').execute();
    expect([...(await queue()).keys()].sort()).toEqual(blobs.map(({ digest }) => `blob ${digest}`).sort());
  });
});

const sizeOf = async (name = 'images'): Promise<number> => {
  const row = server.database.read.selectFrom('repository').select('size_bytes').where('name', '=', name);
  return (await row.executeTakeFirstOrThrow()).size_bytes;
};

describe('the size of a repository', () => {
  test('counts each content once, however many names it has', async () => {
    const other = freshImage(server);
    await image.blob('12345');
    expect(await sizeOf()).toBe(5);
    await other.blob('12345');
    expect(await sizeOf()).toBe(5);
    await other.blob('678');
    expect(await sizeOf()).toBe(8);

    await image.send('DELETE', `blobs/${digestOf('12345')}`);
    expect(await sizeOf()).toBe(8);
    await other.send('DELETE', `blobs/${digestOf('12345')}`);
    expect(await sizeOf()).toBe(3);
  });

  test('has manifests too, and gives back what is deleted', async () => {
    const document = await image.document('x');
    const before = await sizeOf();
    const { digest, size } = await image.push('v1', document);
    expect(await sizeOf()).toBe(before + size);

    await image.push('v2', document);
    expect(await sizeOf()).toBe(before + size);
    await image.send('DELETE', `manifests/${digest}`);

    expect(await sizeOf()).toBe(before);
  });

  test('is each repository’s own, also of bytes that they share', async () => {
    await server.repository('others');
    const other = freshImage(server, 'my-project/others');
    for (const each of [image, other]) await each.blob('shared');
    expect([await sizeOf(), await sizeOf('others')]).toEqual([6, 6]);

    await image.send('DELETE', `blobs/${digestOf('shared')}`);

    expect([await sizeOf(), await sizeOf('others')]).toEqual([0, 6]);
  });

  test('follows a file that gets other bytes', async () => {
    const { digest } = await image.blob('12345');
    const longer = descriptorOf(MANIFEST, '1234567890');
    await freshImage(server).blob('1234567890');
    expect(await sizeOf()).toBe(15);

    await server.database.transaction((tx) =>
      tx
        .updateTable('file')
        .set({ blob_digest: longer.digest as BlobInfo['digest'] })
        .where('path', 'like', `%${digest}`)
        .execute(),
    );

    expect(await sizeOf()).toBe(10);
    expect((await reasons())[`blob ${digest}`]).toBe('replaced');
  });
});

describe('a tag of a repository with immutable tags', () => {
  test('is held by the database itself', async () => {
    await server.repository('kept', { immutableTags: true });
    const kept = freshImage(server, 'my-project/kept');
    await kept.image('v1', 'first');
    const other = await kept.image('v2', 'second');
    const id = Number((await idOf('version', other.digest)).slice('version '.length));

    const move = server.database.transaction((tx) =>
      tx.updateTable('tag').set({ version_id: id }).where('name', '=', 'v1').execute(),
    );

    expect(await failureOf(move)).toMatchObject({ message: 'immutable tag' });
  });
});
