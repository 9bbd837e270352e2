import { join } from 'node:path';
import { type Transfer, upload } from '../load/curl.ts';
import { beginUpload, randomBytes, sha256, succeed, withDigest } from '../load/oci-client.ts';
import { run as runProgram } from '../load/run-program.ts';
import { cpuSeconds } from '../proc.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, type Scenario, roundsOf, startAll } from '../scenario.ts';
import { distribution, entrepot } from '../servers/registries.ts';
import type { Registry } from '../servers/server.ts';

const IMAGE = 'app';
const MIB = 1024 * 1024;
const goals = [{ kind: 'ratio', to: 'distribution', atLeast: 0.9 }] as const;

export const push: Scenario = {
  name: 'push',
  title: 'Push of a 100 MiB layer, acknowledged when durable',
  minutes: 3,
  measures: [
    { key: 'streamed', label: 'POST, PATCH in chunks, PUT', unit: 'MiB/s', better: 'more', goals },
    { key: 'monolithic', label: 'POST, PUT with everything', unit: 'MiB/s', better: 'more', goals },
    { key: 'cpu', label: 'server CPU per push', unit: 's', better: 'less' },
    { key: 'client', label: 'load on curl', unit: 'of one core', better: 'less' },
  ],
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const { running, missing } = await startAll<Registry>(stack, [entrepot(bench), distribution(bench)]);
  const size = (bench.quick ? 20 : 100) * MIB;
  const contenders = running.map((registry) => contender(registry, join(bench.directory, 'layer'), size));
  const samples = await interleave(roundsOf(bench, 9), contenders, bench.say);
  return { samples, missing, notes: NOTES };
}

function contender(registry: Registry, file: string, size: number): Contender {
  const rate = (seconds: number) => size / MIB / seconds;
  return {
    name: registry.name,
    async round() {
      const before = await cpuSeconds(registry.pid);
      const streamed = await pushOnce(registry, await freshLayer(file, size), pushStreamed);
      const monolithic = await pushOnce(registry, await freshLayer(file, size), pushMonolithic);
      const cpu = ((await cpuSeconds(registry.pid)) - before) / 2;
      const busy = (streamed.clientCpu + monolithic.clientCpu) / (streamed.seconds + monolithic.seconds);
      return { streamed: rate(streamed.seconds), monolithic: rate(monolithic.seconds), cpu, client: busy };
    },
  };
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
];
