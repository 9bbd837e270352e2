import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { contentUrl, MANIFEST_TYPE, pushSmallImage } from '../load/oci-client.ts';
import { wrk } from '../load/wrk.ts';
import { type Sample, SELF } from '../measure.ts';
import { cpuSeconds, memory } from '../proc.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, roundsOf, type Scenario, startAll, unlessInstalled } from '../scenario.ts';
import { launch, type Started } from '../servers/process.ts';
import { distribution, entrepot, zot } from '../servers/registries.ts';
import { placeFor, type Registry } from '../servers/server.ts';

const IMAGE = 'app';
const TAG = 'v1';
const BUSY = 64;
const IDLE = 2000;

export const connections: Scenario = {
  name: 'connections',
  title: `Manifest GET over ${BUSY} connections beside ${IDLE.toLocaleString('en-US')} idle ones`,
  minutes: 2,
  measures: [
    { key: 'alone', label: 'requests, no others', unit: '/s', better: 'more' },
    {
      key: 'beside',
      label: 'requests, beside idle ones',
      unit: '/s',
      better: 'more',
      goals: [{ kind: 'ratio', to: 'distribution', atLeast: 10 }],
    },
    { key: 'aloneP99', label: 'latency p99, no others', unit: 'ms', better: 'less' },
    { key: 'besideP99', label: 'latency p99, beside idle ones', unit: 'ms', better: 'less' },
    { key: 'cpu', label: 'server CPU per request beside idle ones', unit: 'µs', better: 'less' },
    {
      key: 'each',
      label: 'resident more, for each idle one',
      unit: 'KiB',
      better: 'less',
      goals: [{ kind: 'value', atMost: 50 }],
    },
  ],
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  const gone = unlessInstalled('wrk');
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: SELF, reason: gone }], notes: NOTES };
  await using stack = new AsyncDisposableStack();
  const { running, missing } = await startAll<Registry>(stack, [
    entrepot(bench),
    distribution(bench),
    zot(bench),
  ]);
  for (const registry of running) await pushSmallImage(registry, IMAGE, TAG);
  const contenders = running.map((registry) => contender(bench, registry));
  const samples = await interleave(roundsOf(bench, 5), contenders, bench.say);
  return { samples, missing, notes: NOTES };
}

function contender(bench: Bench, registry: Registry): Contender {
  const busy = async () =>
    wrk({
      url: contentUrl(registry, IMAGE, `manifests/${TAG}`),
      connections: BUSY,
      seconds: bench.quick ? 1 : 4,
      headers: { accept: MANIFEST_TYPE, ...(await registry.authorize(IMAGE)) },
    });
  return {
    name: registry.name,
    async round(): Promise<Sample> {
      const alone = await busy();
      const { resident: before } = await memory(registry.pid);
      const count = bench.quick ? IDLE / 10 : IDLE;
      await using holder = await idle(bench, registry, count);
      const { resident } = await memory(registry.pid);
      const begun = await cpuSeconds(registry.pid);
      const beside = await busy();
      if (!existsSync(`/proc/${holder.pid}`)) throw new Error('an idle connection was closed');
      const cpu = (((await cpuSeconds(registry.pid)) - begun) / beside.requests) * 1e6;
      return {
        alone: alone.rate,
        beside: beside.rate,
        aloneP99: alone.p99,
        besideP99: beside.p99,
        cpu,
        each: ((resident - before) * 1024) / count,
      };
    },
  };
}

/** Ends with what is disposed of. */
async function idle(bench: Bench, { url }: Registry, count: number): Promise<Started> {
  const program = join(import.meta.dir, '..', 'load', 'idle-program.ts');
  return launch({
    command: [process.execPath, program, url, String(count)],
    place: await placeFor('idle', bench),
    announces: /holding (\d+)/,
  });
}

const NOTES = [
  'An idle connection has asked for /v2/ once and says nothing more, as those of a cluster’s nodes do.',
];
