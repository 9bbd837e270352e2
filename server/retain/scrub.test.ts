import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { BlobInfo } from '../core/blob.ts';
import { RegistryError } from '../core/error.ts';
import { MemoryBlobs } from '../stores/blobs/memory.ts';
import type { MetadataDatabase } from '../stores/metadata/database.ts';
import { ScrubStore } from '../stores/metadata/scrub-store.ts';
import { StoredScrub } from '../stores/metadata/resources/scrub.ts';
import { bodyOf } from '../testing/contracts/bodies.ts';
import { Clock } from '../testing/harness.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../testing/temporary-database.ts';
import { Scrubber } from './scrub.ts';

const DAY = 24 * 3_600_000;

/** Blobs in memory that can be spoiled. */
class FragileBlobs extends MemoryBlobs {
  readonly flipped = new Set<string>();
  readonly unreadable = new Set<string>();
  /** What was opened, in order. */
  readonly opened: string[] = [];

  override async open(blob: BlobInfo): Promise<Uint8Array<ArrayBuffer>> {
    this.opened.push(blob.digest);
    if (this.unreadable.has(blob.digest)) throw new RegistryError('UNAVAILABLE', 'STORAGE_FAILED', 'EIO');
    const bytes = await super.open(blob);
    if (this.flipped.has(blob.digest)) bytes[0] = (bytes[0] ?? 0) ^ 1;
    return bytes;
  }
}

let held: TemporaryDatabase;
let database: MetadataDatabase;
let blobs: FragileBlobs;
let clock: Clock;
let stored: readonly BlobInfo[];
let told: string[];
let paused: number;
let scrubbers: Scrubber[];
beforeEach(async () => {
  held = await temporaryDatabase();
  database = held.database;
  blobs = new FragileBlobs();
  clock = new Clock();
  told = [];
  paused = 0;
  scrubbers = [];
  stored = (
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => store(name.repeat(1000))))
  ).toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
});
afterEach(async () => {
  for (const made of scrubbers) await made.stop();
  await held[Symbol.asyncDispose]();
});

async function store(content: string): Promise<BlobInfo> {
  const writer = await blobs.begin();
  await writer.append(bodyOf([content]));
  const { digest, size, generation } = await writer.commit();
  await database.transaction((tx) =>
    tx.insertInto('blob').values({ digest, size, generation, state: 'live', created_at: 0 }).execute(),
  );
  return { digest, size, generation };
}

function scrubber(owner = 'one', onPause: () => void = () => undefined): Scrubber {
  const made = new Scrubber({
    tables: new ScrubStore(database),
    blobs,
    rate: 64 * 1024,
    scheduled: true,
    owner,
    now: clock.now,
    pause: async (milliseconds) => {
      paused += milliseconds;
      clock.advance(milliseconds);
      onPause();
    },
    found: ({ digest }, damage) => told.push(`${damage} ${digest}`),
    recovered: ({ digest }) => told.push(`recovered ${digest}`),
    failed: (_, blob) => told.push(`failed ${blob?.digest}`),
  });
  scrubbers.push(made);
  return made;
}

const at = (index: number): BlobInfo => {
  const blob = stored[index];
  if (blob === undefined) throw new Error('no such blob');
  return blob;
};
const stateOf = async ({ digest }: BlobInfo): Promise<string> =>
  (
    await database.read
      .selectFrom('blob')
      .select('state')
      .where('digest', '=', digest)
      .executeTakeFirstOrThrow()
  ).state;
const state = () => new ScrubStore(database).state();
const digests = (): readonly string[] => stored.map(({ digest }) => digest);

describe('a pass', () => {
  test('reads everything once, in the order of digests, no faster than it may, and then rests for a day', async () => {
    const one = scrubber();
    await one.look();
    expect(blobs.opened).toEqual([...digests()]);
    expect(paused).toBe(6 * Math.ceil((1000 * 1000) / (64 * 1024)));
    expect(await state()).toMatchObject({ lastPass: { blobs: 6, bytes: 6000 }, damagedBlobs: 0 });
    expect(await state()).not.toHaveProperty('pass');

    await one.look();
    expect(blobs.opened).toHaveLength(6);
    clock.advance(DAY);
    await one.look();
    expect(blobs.opened).toHaveLength(12);
    expect(told).toEqual([]);
  });

  test('that is asked for begins at once and is not slowed down', async () => {
    const one = scrubber();
    await one.look();
    const before = paused;
    await new StoredScrub(database, () => 0).request();
    await one.look();
    expect([blobs.opened.length, paused]).toEqual([12, before]);
  });

  test('that is asked for takes the place of one under way', async () => {
    let asked = false;
    const one = scrubber('one', () => {
      clock.advance(6_000);
      if (asked || blobs.opened.length < 3) return;
      asked = true;
      void new StoredScrub(database, clock.now).request();
    });
    await one.look();
    clock.advance(60_000);
    await one.look();
    expect(blobs.opened.slice(-6)).toEqual([...digests()]);
    expect((await state()).lastPass?.startedAt).toBeGreaterThanOrEqual((await state()).requestedAt);
  });

  test('is made by one process at a time, and gone on with by another when that one died', async () => {
    const tables = new ScrubStore(database);
    const dead = await tables.claim('dead', clock.now(), clock.now() + 60_000);
    if (dead === undefined) throw new Error('no claim');
    await tables.save('dead', { ...dead, cursor: at(2).digest, blobs: 3, bytes: 3000 }, clock.now() + 60_000);

    const two = scrubber('two');
    await two.look();
    expect(blobs.opened).toEqual([]);
    clock.advance(60_001);
    await two.look();
    expect(blobs.opened).toEqual(digests().slice(3));
    expect(await state()).toMatchObject({ lastPass: { blobs: 6, bytes: 6000 } });
    expect(await tables.save('dead', dead, clock.now() + 60_000)).toBe(false);
  });

  test('stops between two pieces, and goes on where it stopped', async () => {
    const one: Scrubber = scrubber('one', () => {
      if (blobs.opened.length === 4) void one.stop();
    });
    await one.look();
    expect((await state()).pass).toMatchObject({ blobs: 3, cursor: at(2).digest });
    await scrubber('two').look();
    expect(blobs.opened).toEqual([...digests().slice(0, 4), ...digests().slice(3)]);
  });

  test('is not held up by a clock that was put back', async () => {
    await scrubber().look();
    clock.advance(-DAY);
    await scrubber('two').look();
    expect(blobs.opened).toHaveLength(12);
  });
});

describe('a blob', () => {
  test('with other bytes is corrupt, and its object set aside', async () => {
    blobs.flipped.add(at(1).digest);
    await scrubber().look();
    expect(told).toEqual([`corrupt ${at(1).digest}`]);
    expect(await Promise.all(stored.map(stateOf))).toEqual([
      'live',
      'corrupt',
      'live',
      'live',
      'live',
      'live',
    ]);
    expect(await blobs.has(at(1))).toBe(false);
    expect((await Array.fromAsync(blobs.asides())).map(({ digest }) => digest)).toEqual([at(1).digest]);
    expect(await new ScrubStore(database).damaged(10)).toEqual([
      { digest: at(1).digest, size: 1000, damage: 'corrupt', repositories: [] },
    ]);
  });

  test('that only one of two readings finds damaged is sound', async () => {
    blobs.flipped.add(at(1).digest);
    await scrubber('one', () => blobs.flipped.clear()).look();
    expect(told).toEqual([]);
    expect(await stateOf(at(1))).toBe('live');
  });

  test('of another size is corrupt', async () => {
    await database.transaction((tx) =>
      tx.updateTable('blob').set({ size: 999 }).where('digest', '=', at(0).digest).execute(),
    );
    await scrubber().look();
    expect(told).toEqual([`corrupt ${at(0).digest}`]);
  });

  test('without an object is missing, and served again when that is back', async () => {
    const lost = at(3);
    const bytes = await blobs.open(lost);
    await blobs.delete(lost);
    const one = scrubber();
    await one.look();
    expect([told, await stateOf(lost)]).toEqual([[`missing ${lost.digest}`], 'missing']);

    const writer = await blobs.begin();
    await writer.append(bodyOf([bytes]));
    const { generation } = await writer.commit();
    await database.transaction((tx) =>
      tx.updateTable('blob').set({ generation }).where('digest', '=', lost.digest).execute(),
    );
    clock.advance(DAY);
    await one.look();
    expect(told.slice(1)).toEqual([`recovered ${lost.digest}`]);
    expect(await stateOf(lost)).toBe('live');
  });

  test('that cannot be read is neither, and tried again at the end of the pass', async () => {
    blobs.unreadable.add(at(2).digest);
    await scrubber().look();
    expect(told).toEqual([`failed ${at(2).digest}`, `failed ${at(2).digest}`]);
    expect(await stateOf(at(2))).toBe('live');
    expect((await state()).lastPass).toMatchObject({ blobs: 6 });
  });

  test('is not passed over when the storage fails altogether', async () => {
    for (const { digest } of stored.slice(2)) blobs.unreadable.add(digest);
    const one = scrubber();
    await one.look();
    expect(told).toHaveLength(3);
    expect((await state()).pass).toMatchObject({ cursor: at(1).digest, blobs: 2 });
    await one.look();
    expect(told).toHaveLength(3);

    blobs.unreadable.clear();
    clock.advance(60_000);
    await one.look();
    expect(blobs.opened.slice(-4)).toEqual(digests().slice(2));
    expect(await Promise.all(stored.map(stateOf))).toEqual(Array.from({ length: 6 }, () => 'live'));
  });

  test('that was replaced while it was read is left alone', async () => {
    blobs.flipped.add(at(0).digest);
    await scrubber('one', () => {
      void database.transaction((tx) =>
        tx
          .updateTable('blob')
          .set({ generation: 'f'.repeat(32) })
          .where('digest', '=', at(0).digest)
          .execute(),
      );
    }).look();
    expect(told).toEqual([]);
    expect(await stateOf(at(0))).toBe('live');
  });

  test('that is being deleted is not looked at', async () => {
    await database.transaction((tx) =>
      tx.updateTable('blob').set({ state: 'deleting' }).where('digest', '=', at(0).digest).execute(),
    );
    await scrubber().look();
    expect(blobs.opened).toEqual(digests().slice(1));
  });
});
