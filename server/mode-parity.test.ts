import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FORMATS } from './formats/index.ts';
import { type Answer, differenceText, type Known, type Place } from './testing/parity/answer.ts';
import { Judge, MEANT, type Situation, UNCONDITIONAL } from './testing/parity/meant.ts';
import { PLAIN, type Probe, PROBES } from './testing/parity/probes.ts';
import { ParityServer } from './testing/parity/repositories.ts';
import { type Read, sampleOf } from './testing/parity/sample.ts';

const SOME_SECONDS = 5_000;
const DAY = 24 * 3_600_000;

const judges: Judge[] = [];

type Answers = ReadonlyMap<Probe, ReadonlyMap<Read, Answer>>;

describe.each(FORMATS.map((format) => [format.title, format] as const))('%s', (_, format) => {
  let home: ParityServer;
  let away: ParityServer;
  let standard: Place;
  let reads: readonly Read[];
  /** What the standard repository answers. */
  let expected: Answers;

  const sample = sampleOf(format);
  const judge = new Judge([...MEANT, ...sample.meant]);
  judges.push(judge);

  beforeAll(async () => {
    [home, away] = [await ParityServer.start(format), await ParityServer.start(format)];
    standard = await home.standard();
    reads = await sample.publish(home.server, standard.repository);
    expected = await answers(home, standard);
  });
  afterAll(async () => {
    await away[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  async function answers(server: ParityServer, place: Place, purge?: () => Promise<void>): Promise<Answers> {
    const found = new Map<Probe, Map<Read, Answer>>();
    const known = new Map<Read, Known>();
    // Twice, since the list of what was copied is another when all was.
    for (const read of [...reads, ...reads]) await server.known(place, read);
    // Documents are dated by the second, once it is over.
    server.server.clock.advance(SOME_SECONDS);
    for (const read of reads) known.set(read, await server.known(place, read));
    for (const [at, probe] of PROBES.entries()) {
      if (purge && probe.warm) continue;
      await purge?.();
      const answered = new Map<Read, Answer>();
      for (const read of at % 2 === 0 ? reads : reads.toReversed()) {
        const answer = await server.answer(place, read, probe, known.get(read) ?? {});
        if (answer) answered.set(read, answer);
      }
      found.set(probe, answered);
    }
    return found;
  }

  function unmeant(situation: Situation, actual: Answers): readonly string[] {
    const left: string[] = [];
    for (const probe of PROBES)
      for (const read of reads) {
        const [was, is] = [expected.get(probe)?.get(read), actual.get(probe)?.get(read)];
        // Without an entity tag there is nothing to be asked by it; that there is none is a difference of its own.
        if (!was || !is) continue;
        const plain = expected.get(PLAIN[probe.method])?.get(read);
        const asked = `${probe.method} ${read.path} ${JSON.stringify(read.headers ?? {})} ${probe.name}`;
        for (const difference of judge.unmeant({ situation, probe, read }, was, is, plain))
          left.push(`${asked}: ${differenceText(difference)}`);
      }
    if (left.length === 0) return left;
    const logged = [...home.server.logged, ...away.server.logged].filter(({ level }) => level === 'error');
    return [...left, ...logged.map((entry) => Bun.inspect(entry))];
  }

  test('a remote repository', async () => {
    const place = await away.remote(standard);
    expect(unmeant('warm', await answers(away, place))).toEqual([]);
  });

  test('a remote repository that has nothing yet', async () => {
    const place = await away.remote(standard);
    expect(unmeant('cold', await answers(away, place, () => away.purge(place)))).toEqual([]);
  });

  test('a remote repository of one here', async () => {
    const place = await home.remote(standard);
    expect(unmeant('warm', await answers(home, place))).toEqual([]);
  });

  test('a remote repository of one here that has nothing yet', async () => {
    const place = await home.remote(standard);
    expect(unmeant('cold', await answers(home, place, () => home.purge(place)))).toEqual([]);
  });

  test('a remote repository that keeps nothing', async () => {
    const place = await away.remote(standard, { noCache: {} });
    expect(unmeant('passed', await answers(away, place))).toEqual([]);
  });

  test('a remote repository that may hold nothing more', async () => {
    const place = await away.remote(standard);
    await away.server.database.transaction((tx) =>
      tx.updateTable('repository').set({ max_bytes: 1 }).where('name', '=', place.repository).execute(),
    );
    expect(unmeant('cold', await answers(away, place))).toEqual([]);
  });

  test('a virtual repository', async () => {
    const place = await home.virtual(standard);
    expect(unmeant('own', await answers(home, place))).toEqual([]);
  });

  test('a virtual repository of a copy', async () => {
    const place = await away.virtual(await away.standard(), await away.remote(standard));
    expect(unmeant('warm', await answers(away, place))).toEqual([]);
  });

  test('a virtual repository in another', async () => {
    const inner = await home.virtual(await home.standard(), standard);
    const place = await home.virtual(await home.standard(), inner);
    expect(unmeant('own', await answers(home, place))).toEqual([]);
  });

  test('a repository as it is now', async () => {
    const place = home.asOfNow(standard);
    expect(unmeant('past', await answers(home, place))).toEqual([]);
  });

  test('a copy as it is now', async () => {
    const copy = await away.remote(standard);
    await answers(away, copy);
    const place = away.asOfNow(copy);
    expect(unmeant('past copy', await answers(away, place))).toEqual([]);
  });

  test('a remote repository whose upstream is away', async () => {
    const place = await away.remote(standard);
    await answers(away, place);
    home.cut();
    expect(unmeant('cut', await answers(away, place))).toEqual([]);
    away.server.clock.advance(DAY);
    expect(unmeant('cut', await answers(away, place))).toEqual([]);
  });

  test('differs in nothing that it is excused for without a need', () => {
    expect(judge.unused(sample.meant)).toEqual([]);
  });
});

test('no format differs in what all are excused for without a need', () => {
  const excuses = [...MEANT, ...UNCONDITIONAL];
  expect(excuses.filter((meant) => judges.every((judge) => judge.unused([meant]).length > 0))).toEqual([]);
});

test('a format without a sample is told what to write', () => {
  expect(() => sampleOf({ id: 'CARGO', title: 'Cargo' })).toThrow(
    'write server/testing/parity/cargo-sample.ts',
  );
});
