import { join } from 'node:path';
import { contentUrl, pushSmallImage, succeed } from '../load/oci-client.ts';
import { probed } from '../load/probe.ts';
import { run as runProgram } from '../load/run-program.ts';
import { SELF } from '../measure.ts';
import type { Bench, Outcome, Scenario } from '../scenario.ts';
import { seedBlobs } from '../seed-blobs.ts';
import {
  createRepository,
  type Entrepot,
  entrepotMissing,
  signIn,
  startProcess,
} from '../servers/entrepot.ts';
import { placeFor } from '../servers/server.ts';

const IMAGE = 'app';
const TAG = 'v1';
const BLOBS = 1_000_000;
const GARBAGE = 200_000;
/** Most blobs have no bytes, which the scrub would have to write down for each. */
const UNDISTURBED = ['--scrub', 'false'];
const AT_ONCE = [...UNDISTURBED, '--trash-retention', '0s', '--gc-grace', '0s', '--gc-sweep-delay', '0s'];

export const garbage: Scenario = {
  name: 'garbage',
  title: 'Collection of 200,000 unreferenced among 1,000,000 blobs',
  minutes: 4,
  measures: [
    {
      key: 'reviews',
      label: 'blobs reviewed and deleted, beside pulls',
      unit: '/s',
      better: 'more',
      goals: [{ kind: 'value', atLeast: 500 }],
    },
    {
      key: 'longest',
      label: 'longest of its transactions',
      unit: 'ms',
      better: 'less',
      goals: [{ kind: 'value', atMost: 10 }],
    },
    {
      key: 'own',
      label: 'longest, without waiting for a processor',
      unit: 'ms',
      better: 'less',
    },
    { key: 'processor', label: 'longest, of a processor', unit: 'ms', better: 'less' },
    { key: 'transaction', label: 'its transactions, p99', unit: 'ms', better: 'less' },
    {
      key: 'added',
      label: 'pulls beside it, p99 more than without',
      unit: 'ms',
      better: 'less',
      goals: [{ kind: 'value', atMost: 50 }],
    },
    { key: 'pull', label: 'pulls beside it, p99', unit: 'ms', better: 'less' },
  ],
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  const gone = entrepotMissing();
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: SELF, reason: gone }], notes: NOTES };
  const place = await placeFor('entrepot', bench);
  const data = join(place.directory, 'data');
  {
    await using started = await startProcess(place);
    const registry = await signIn(started);
    await createRepository(registry);
    await pushSmallImage(registry, IMAGE, TAG);
  }
  const scale = bench.quick ? 50 : 1;
  const begun = performance.now();
  seedBlobs(data, { blobs: BLOBS / scale, garbage: GARBAGE / scale });
  await settled();
  bench.say(`  seeded ${BLOBS / scale} blobs in ${Math.round(performance.now() - begun)} ms`);
  const without = await pullsBeside(await startProcess(place, [...UNDISTURBED, '--gc', 'off']), () =>
    Bun.sleep(bench.quick ? 1000 : 10_000),
  );
  const program = join(import.meta.dir, '..', 'load', 'gc-program.ts');
  const seconds = bench.quick ? 1 : 20;
  const ran = await runProgram([process.execPath, program, data, String(seconds)], {
    seconds: seconds + 120,
  });
  const transactions = JSON.parse(ran.stdout) as Readonly<Record<'all' | 'own' | 'processor', Durations>>;
  const beside = await pullsBeside(await startProcess(place, AT_ONCE), collecting);
  const { blobs, took } = beside.result;
  const sample = {
    reviews: blobs / took,
    longest: transactions.all.longest,
    own: transactions.own.longest,
    processor: transactions.processor.longest,
    transaction: transactions.all.p99,
    added: Math.max(0, beside.p99 - without.p99),
    pull: beside.p99,
  };
  bench.say(`  ${JSON.stringify(sample)}`);
  return { samples: new Map([[SELF, [sample]]]), missing: [], notes: NOTES };
}

/** What seeding left in memory is on the disk: its writing would hold up every sync of what is measured. */
async function settled(): Promise<void> {
  if ((await Bun.spawn(['sync']).exited) !== 0) throw new Error('sync failed');
}

/** Pulls a manifest every 20 ms while `work` is done, and stops the server. */
async function pullsBeside<T>(
  started: Awaited<ReturnType<typeof startProcess>>,
  work: (registry: Entrepot) => Promise<T>,
) {
  await using _ = started;
  const registry = await signIn(started);
  const url = contentUrl(registry, IMAGE, `manifests/${TAG}`);
  return await probed(url, await registry.authorize(IMAGE), () => work(registry));
}

interface Durations {
  readonly longest: number;
  readonly p99: number;
}

interface Statistics {
  readonly freed: { readonly blobs: string };
  readonly waiting: { readonly blobs: string };
}

/** Has everything collected that is due; answers how many blobs went in how many seconds. */
async function collecting({ url, accessToken }: Entrepot) {
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
  const ask = async <T>(path: string, init: RequestInit = {}): Promise<T> =>
    (await (await succeed(new URL(path, url), { headers, ...init })).json()) as T;
  const statistics = () => ask<Statistics>('/v1/garbageCollection');
  const before = Number((await statistics()).freed.blobs);
  const begun = performance.now();
  const body = JSON.stringify({ force: true });
  const { id } = await ask<{ readonly id: string }>('/v1/garbageCollection:run', { method: 'POST', body });
  for (;;) {
    const { endTime } = await ask<{ readonly endTime?: string }>(`/v1/garbageCollection/runs/${id}`);
    if (endTime !== undefined) break;
    await Bun.sleep(250);
  }
  const took = (performance.now() - begun) / 1000;
  return { blobs: Number((await statistics()).freed.blobs) - before, took };
}

const NOTES = [
  'A blob is looked at, condemned, marked, its object deleted and its row removed; the rate counts blobs that went all the way. Grace and delay are zero.',
  'Transactions are timed in a process that does nothing but collect, from its first one on, from asking for one to its being on disk, which the sync of the disk is much of, with nobody to wait for; the kernel says for how long of that they ran, and waited for a processor that others had. After each as much time is left to others. Pulls are GETs of a manifest, one every 20 ms.',
];
