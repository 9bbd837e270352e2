import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { contentUrl, pushBlob, randomBytes } from '../load/oci-client.ts';
import { wrk } from '../load/wrk.ts';
import { SELF } from '../measure.ts';
import { cpuSeconds } from '../proc.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, roundsOf, type Scenario, startAll, unlessInstalled } from '../scenario.ts';
import { distribution, entrepot, zot } from '../servers/registries.ts';
import type { Registry } from '../servers/server.ts';

const IMAGE = 'app';
const TYPE = 'application/octet-stream';
const SIZE = 1024 * 1024;
const CONNECTIONS = 16;
/** More than anybody takes in one turn. */
const BODIES = 20_000;

export const mixed: Scenario = {
  name: 'mixed',
  title: `Three pulls of a blob of 1 MiB to one push of another, ${CONNECTIONS} connections`,
  minutes: 2,
  measures: [
    {
      key: 'rate',
      label: 'pulls and pushes',
      unit: '/s',
      better: 'more',
      goals: [{ kind: 'ratio', to: 'distribution', atLeast: 1 }],
    },
    { key: 'p99', label: 'latency p99 of a request', unit: 'ms', better: 'less' },
    { key: 'cpu', label: 'server CPU per pull or push', unit: 'ms', better: 'less' },
    { key: 'share', label: 'pushes of them', unit: '%', better: 'more' },
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
  const pulled = randomBytes(SIZE);
  const contenders = await Promise.all(
    running.map(async (registry) => {
      const { digest } = await pushBlob(registry, IMAGE, TYPE, pulled);
      return contender(bench, registry, contentUrl(registry, IMAGE, `blobs/${digest}`));
    }),
  );
  const samples = await interleave(roundsOf(bench, 5), contenders, bench.say);
  return { samples, missing, notes: NOTES };
}

function contender(bench: Bench, registry: Registry, blob: string): Contender {
  return {
    name: registry.name,
    async round() {
      const [base, list] = await freshBodies(bench.directory);
      const before = await cpuSeconds(registry.pid);
      const uploads = contentUrl(registry, IMAGE, 'blobs/uploads/');
      const { output, seconds, p99 } = await wrk({
        url: registry.url,
        connections: CONNECTIONS,
        seconds: bench.quick ? 2 : 6,
        headers: { 'content-type': TYPE, ...(await registry.authorize(IMAGE)) },
        script: 'mixed.lua',
        args: [new URL(blob).pathname, new URL(uploads).pathname, base, list],
      });
      const [, pulls = Number.NaN, pushes = Number.NaN] =
        /^pulls (\d+) pushes (\d+)$/m.exec(output)?.map(Number) ?? [];
      if (!(pulls > 0 && pushes > 0)) throw new Error(`not both pulls and pushes were answered:\n${output}`);
      const all = pulls + pushes;
      const cpu = ((await cpuSeconds(registry.pid)) - before) / all;
      return { rate: all / seconds, p99, cpu: cpu * 1000, share: (100 * pushes) / all };
    },
  };
}

/** What all begin with, and what each ends with beside its digest, none of which anybody has seen. */
async function freshBodies(directory: string): Promise<readonly [base: string, list: string]> {
  const start = randomBytes(SIZE - 8);
  const hash = createHash('sha256').update(start);
  const lines = Array.from({ length: BODIES }, (_, at) => {
    const ending = String(at).padStart(8, '0');
    return `${ending} sha256:${hash.copy().update(ending).digest('hex')}\n`;
  });
  const [base, list] = [join(directory, 'base'), join(directory, 'list')];
  await Bun.write(base, start);
  await Bun.write(list, lines.join(''));
  return [base, list];
}

const NOTES = [
  'A push is a POST and a PUT with everything, and is acknowledged when it is durable; POSTs are requests, but not counted.',
];
