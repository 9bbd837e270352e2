import { type Measure, type Sample, SELF } from '../measure.ts';
import { succeed } from '../load/oci-client.ts';
import { memory } from '../proc.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, type Scenario, unlessInstalled, roundsOf } from '../scenario.ts';
import { startDistribution } from '../servers/distribution.ts';
import { entrepotMissing, startProcess } from '../servers/entrepot.ts';
import { seededPlace } from '../servers/seeded.ts';
import { type Missing, placeFor, type Running } from '../servers/server.ts';

const LAYERS = 4;
const IDLE_MS = 5000;

export const start: Scenario = {
  name: 'start',
  title: 'Start to ready, and memory when idle',
  minutes: 3,
  measures: [
    ready('readyEmpty', 'empty data directory', 0.5),
    ready('readySeeded', '100,000 blobs and 20,000 tags', 2),
    idle('idleEmpty', 'empty'),
    idle('idleSeeded', '100,000 blobs'),
  ],
  run,
};

function ready(key: string, what: string, atMost: number): Measure {
  return {
    key,
    label: `start to ready, ${what}`,
    unit: 's',
    better: 'less',
    goals: [{ kind: 'value', atMost }],
  };
}

function idle(key: string, what: string): Measure {
  const goals = [{ kind: 'value', atMost: 90 }] as const;
  return { key, label: `resident ${IDLE_MS / 1000} s later, ${what}`, unit: 'MiB', better: 'less', goals };
}

async function run(bench: Bench): Promise<Outcome> {
  const contenders: Contender[] = [];
  const missing: Missing[] = [];
  const entrepotGone = entrepotMissing();
  if (entrepotGone === undefined) contenders.push(await entrepot(bench));
  else missing.push({ name: SELF, reason: entrepotGone });
  const distributionGone = unlessInstalled('docker-registry');
  if (distributionGone === undefined) contenders.push(distribution(bench));
  else missing.push({ name: 'distribution', reason: distributionGone });
  const samples = await interleave(roundsOf(bench, 5), contenders, bench.say);
  return { samples, missing, notes: NOTES };
}

async function entrepot(bench: Bench): Promise<Contender> {
  const versions = bench.quick ? 2000 : 20_000;
  const seeded = await seededPlace(bench, {
    image: 'app',
    versions,
    ownLayers: true,
    files: true,
    layers: LAYERS,
  });
  return {
    name: SELF,
    async round() {
      const empty = await placeFor('empty', bench);
      const first = await startOnce(bench, async () => {
        const server = await startProcess(empty);
        await succeed(new URL(`${server.url}/readyz`), {});
        return server;
      });
      const second = await startOnce(bench, async () => {
        const server = await startProcess(seeded);
        await succeed(new URL(`${server.url}/readyz`), {});
        return server;
      });
      return {
        readyEmpty: first.seconds,
        readySeeded: second.seconds,
        idleEmpty: first.resident,
        idleSeeded: second.resident,
      };
    },
  };
}

const distribution = (bench: Bench): Contender => ({
  name: 'distribution',
  async round(): Promise<Sample> {
    const { seconds, resident } = await startOnce(bench, () => startDistribution(bench, 'none'));
    return { readyEmpty: seconds, idleEmpty: resident };
  },
});

/** Starts, waits the idle time, looks at memory and stops. */
async function startOnce(bench: Bench, begin: () => Promise<Pick<Running, 'pid'> & AsyncDisposable>) {
  const begun = performance.now();
  await using server = await begin();
  const seconds = (performance.now() - begun) / 1000;
  await Bun.sleep(bench.quick ? 500 : IDLE_MS);
  return { seconds, resident: (await memory(server.pid)).resident };
}

const NOTES = [
  'From the start of the process to the line that says it listens and a 200 from /readyz; for distribution, to its ' +
    'first answer. The first start of an empty directory also makes the database, the keys and the administrator.',
  'Resident memory counts the pages of the program file, which several processes share.',
];
