import { join } from 'node:path';
import { type Measure, type Sample, type Samples, SELF } from '../measure.ts';
import { cpuSeconds } from '../proc.ts';
import { combine } from '../questions.ts';
import { interleave } from '../rounds.ts';
import { type Bench, type Outcome, roundsOf, type Scenario } from '../scenario.ts';
import { seedCopies } from '../seed-copies.ts';
import {
  createRepository,
  type Entrepot,
  entrepotMissing,
  signIn,
  startProcess,
} from '../servers/entrepot.ts';
import { placeFor } from '../servers/server.ts';
import { median } from '../statistics.ts';
import { FIRST, type PublishingKind, publishingKinds } from './publishing-kinds.ts';

const VERSIONS = 5000;
/** Of each in a round. */
const TIMES = 20;
/** Between two of them: as much as it takes for what waits until nothing more comes to begin. */
const PAUSE_MS = 50;
const GROWN = 'grown';

export const publishMany: Scenario = {
  name: 'publish-many',
  title: 'Publishing the 5,000th version of a package, and the first of another',
  minutes: 4,
  measures: publishingKinds.flatMap(({ key }): readonly Measure[] => [
    { key: `${key}First`, label: `${key}, first version`, unit: 'ms', better: 'less' },
    { key: `${key}Later`, label: `${key}, 5,000th version`, unit: 'ms', better: 'less' },
    {
      key: `${key}Ratio`,
      label: `${key}, 5,000th of first`,
      unit: '×',
      better: 'less',
      goals: [{ kind: 'value', atMost: 2 }],
    },
    { key: `${key}FirstCpu`, label: `server CPU, ${key}, first version`, unit: 'ms', better: 'less' },
    { key: `${key}LaterCpu`, label: `server CPU, ${key}, 5,000th version`, unit: 'ms', better: 'less' },
    {
      key: `${key}CpuRatio`,
      label: `server CPU, ${key}, 5,000th of first`,
      unit: '×',
      better: 'less',
      goals: [{ kind: 'value', atMost: 2 }],
    },
  ]),
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  const gone = entrepotMissing();
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: SELF, reason: gone }], notes: NOTES };
  let samples: Samples = new Map();
  for (const kind of publishingKinds) samples = combine(samples, await measured(bench, kind));
  return { samples, missing: [], notes: NOTES };
}

async function measured(bench: Bench, kind: PublishingKind): Promise<Samples> {
  const place = await placeFor(kind.key, bench);
  const name = kind.name(GROWN);
  {
    await using started = await startProcess(place);
    const server = await signIn(started);
    await createRepository(server, kind.repository, { format: kind.format });
    await publishOne(kind, server, { name, version: FIRST });
  }
  const copies = (bench.quick ? VERSIONS / 50 : VERSIONS) - 1;
  const { stored, copied } = kind;
  const of = { package: stored?.(name) ?? name, version: copied?.(name, FIRST) ?? FIRST };
  const begun = performance.now();
  seedCopies(join(place.directory, 'data'), {
    copies,
    of,
    renames: (copy) => [
      [of.version, copied?.(name, `1.0.${copy}`) ?? `1.0.${copy}`],
      [FIRST, `1.0.${copy}`],
    ],
  });
  bench.say(`  seeded ${copies} versions of ${kind.key} in ${Math.round(performance.now() - begun)} ms`);
  await using started = await startProcess(place);
  const server = await signIn(started);
  // Whatever is made of all versions once is made now.
  let count = 0;
  await publishOne(kind, server, { name, version: `2.0.${count}` });
  const round = async (): Promise<Sample> => {
    const times = bench.quick ? 3 : TIMES;
    const numbers = Array.from({ length: times }, (_, time) => count + time + 1);
    count += times;
    const each = (publish: (at: number) => Promise<number>) => costOf(server.pid, numbers, publish);
    const first = await each((at) =>
      publishOne(kind, server, { name: kind.name(`fresh-${at}`), version: '1.0.0' }),
    );
    const later = await each((at) => publishOne(kind, server, { name, version: `2.0.${at}` }));
    const { key } = kind;
    return {
      [`${key}First`]: first.took,
      [`${key}Later`]: later.took,
      [`${key}Ratio`]: later.took / first.took,
      [`${key}FirstCpu`]: first.cpu,
      [`${key}LaterCpu`]: later.cpu,
      [`${key}CpuRatio`]: later.cpu / first.cpu,
    };
  };
  return await interleave(roundsOf(bench, 3), [{ name: SELF, round }], bench.say);
}

const LOOK_MS = 200;

/** Milliseconds that one took, and of CPU with what was done behind the answers; ends when nothing more is done. */
async function costOf(
  pid: number,
  numbers: readonly number[],
  publish: (at: number) => Promise<number>,
): Promise<{ readonly took: number; readonly cpu: number }> {
  const before = await cpuSeconds(pid);
  const took: number[] = [];
  for (const at of numbers) {
    took.push(await publish(at));
    await Bun.sleep(PAUSE_MS);
  }
  let [seen, now] = [Number.NaN, await cpuSeconds(pid)];
  while (now !== seen) {
    await Bun.sleep(LOOK_MS);
    [seen, now] = [now, await cpuSeconds(pid)];
  }
  return { took: median(took), cpu: ((now - before) / numbers.length) * 1000 };
}

/** Milliseconds until it is acknowledged. */
async function publishOne(
  kind: PublishingKind,
  server: Entrepot,
  { name, version }: { readonly name: string; readonly version: string },
): Promise<number> {
  const publish = await kind.prepare(server, name, version);
  const begun = performance.now();
  await publish();
  return performance.now() - begun;
}

const NOTES = [
  'One after the other on one connection, 50 ms apart, first versions of twenty new packages, then twenty more of the grown one; the median of each. CPU is that of a whole publication, with what is made behind its answer.',
];
