import { join } from 'node:path';
import { type Transfer, upload } from '../load/curl.ts';
import { beginUpload, randomBytes, sha256, succeed, withDigest } from '../load/oci-client.ts';
import { run as runProgram } from '../load/run-program.ts';
import type { Goal, Measure, Sample } from '../measure.ts';
import { cpuSeconds } from '../proc.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, roundsOf, type Scenario, startAll } from '../scenario.ts';
import { distribution, entrepot, zot } from '../servers/registries.ts';
import type { Registry } from '../servers/server.ts';

const IMAGE = 'app';
const MIB = 1024 * 1024;
const CEILING = 'sha256sum and a synced copy';
/** MiB, and how many of each in a round. */
const SIZES = [
  { size: 1, times: 20 },
  { size: 10, times: 4 },
  { size: 100, times: 1 },
] as const;
const WAYS = ['streamed', 'monolithic'] as const;
const LABELS = { streamed: 'POST, PATCH in chunks, PUT', monolithic: 'POST, PUT with everything' } as const;

export const push: Scenario = {
  name: 'push',
  title: 'Push of a layer of 1, 10 and 100 MiB, acknowledged when durable',
  minutes: 4,
  measures: SIZES.flatMap(({ size }) => [
    ...WAYS.map((way): Measure => ({
      key: `${way}${size}`,
      label: `${size} MiB, ${LABELS[way]}`,
      unit: 'MiB/s',
      better: 'more',
      goals: goalsOf(size),
    })),
    { key: `cpu${size}`, label: `server CPU per push of ${size} MiB`, unit: 'ms', better: 'less' },
    { key: `client${size}`, label: `load on curl, ${size} MiB`, unit: 'of one core', better: 'less' },
  ]),
  run,
};

function goalsOf(size: number): readonly Goal[] {
  const peer: Goal = { kind: 'ratio', to: 'distribution', atLeast: 0.9 };
  return size < 100 ? [peer] : [peer, { kind: 'ratio', to: CEILING, atLeast: 0.8 }];
}

async function run(bench: Bench): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const { running, missing } = await startAll<Registry>(stack, [
    entrepot(bench),
    distribution(bench),
    zot(bench),
  ]);
  const file = join(bench.directory, 'layer');
  const contenders = [...running.map((registry) => contender(bench, registry, file)), ceiling(bench, file)];
  const samples = await interleave(roundsOf(bench, 7), contenders, bench.say);
  return { samples, missing, notes: NOTES };
}

function contender(bench: Bench, registry: Registry, file: string): Contender {
  return {
    name: registry.name,
    async round() {
      let sample: Sample = {};
      for (const { size, times } of SIZES) {
        const plan = { file, size: bench.quick ? Math.min(size, 20) : size, times: bench.quick ? 1 : times };
        const [streamed, monolithic] = [
          await several(registry, plan, pushStreamed),
          await several(registry, plan, pushMonolithic),
        ];
        const busy = (streamed.clientCpu + monolithic.clientCpu) / (streamed.seconds + monolithic.seconds);
        sample = {
          ...sample,
          [`streamed${size}`]: streamed.rate,
          [`monolithic${size}`]: monolithic.rate,
          [`cpu${size}`]: ((streamed.cpu + monolithic.cpu) / 2) * 1000,
          [`client${size}`]: busy,
        };
      }
      return sample;
    },
  };
}

interface Plan {
  readonly file: string;
  /** MiB. */
  readonly size: number;
  readonly times: number;
}

/** The machine alone: the digest of the bytes, then the bytes written and synced. */
const ceiling = (bench: Bench, file: string): Contender => ({
  name: CEILING,
  async round() {
    const size = bench.quick ? 20 : 100;
    await freshLayer(file, size * MIB);
    const hashed = await runProgram(['sha256sum', file], { seconds: 60 });
    const copying = ['dd', `if=${file}`, `of=${file}.copy`, 'bs=1M', 'conv=fsync', 'status=none'];
    const copied = await runProgram(copying, { seconds: 60 });
    const rate = size / (hashed.seconds + copied.seconds);
    return { streamed100: rate, monolithic100: rate };
  },
});

interface Pushes {
  /** MiB/s. */
  readonly rate: number;
  readonly seconds: number;
  readonly clientCpu: number;
  /** CPU seconds of the server, of one push. */
  readonly cpu: number;
}

async function several(registry: Registry, { file, size, times }: Plan, way: Way): Promise<Pushes> {
  let [seconds, clientCpu, cpu] = [0, 0, 0];
  for (let time = 0; time < times; time += 1) {
    const layer = await freshLayer(file, size * MIB);
    const before = await cpuSeconds(registry.pid);
    const sent = await pushOnce(registry, layer, way);
    cpu += (await cpuSeconds(registry.pid)) - before;
    seconds += sent.seconds;
    clientCpu += sent.clientCpu;
  }
  return { rate: (size * times) / seconds, seconds, clientCpu, cpu: cpu / times };
}

interface Layer {
  readonly file: string;
  readonly digest: string;
}
type Headers = Readonly<Record<string, string>>;
type Way = (layer: Layer, session: string, headers: Headers) => Promise<Transfer>;

/** New bytes for each push, already in the page cache, with nothing of earlier pushes left to be written. */
async function freshLayer(file: string, size: number): Promise<Layer> {
  const bytes = randomBytes(size);
  await Bun.write(file, bytes);
  await runProgram(['sync'], { seconds: 120 });
  return { file, digest: sha256(bytes) };
}

/** The whole push: opening the session, the bytes, and the answer that says they are kept. */
async function pushOnce(registry: Registry, layer: Layer, way: Way): Promise<Transfer> {
  const headers = await registry.authorize(IMAGE);
  const opened = performance.now();
  const session = await beginUpload(registry, IMAGE);
  const opening = (performance.now() - opened) / 1000;
  const sent = await way(layer, session, headers);
  return { ...sent, seconds: opening + sent.seconds };
}

/** What podman and docker do. */
const pushStreamed: Way = async ({ file, digest }, session, headers) => {
  const chunked = { ...headers, 'transfer-encoding': 'chunked' };
  const sent = await upload({ method: 'PATCH', url: session, headers: chunked, body: file });
  const closed = performance.now();
  await succeed(new URL(withDigest(sent.location, digest)), { method: 'PUT', headers });
  return { ...sent, seconds: sent.seconds + (performance.now() - closed) / 1000 };
};

const pushMonolithic: Way = ({ file, digest }, session, headers) =>
  upload({ method: 'PUT', url: withDigest(session, digest), headers, body: file });

const NOTES = [
  'Time runs from the POST that opens the session to the 201 that acknowledges the layer. curl sends the bytes; its own ' +
    'start is not counted. Each push has new random bytes, and the disk is synced before each.',
  'distribution syncs the file before it answers, but not the directory it renames it into, and keeps no database.',
  `"${CEILING}" is those two programs one after the other on the same bytes, their start counted.`,
];
