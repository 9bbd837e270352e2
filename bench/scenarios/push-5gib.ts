import { createHash } from 'node:crypto';
import { upload } from '../load/curl.ts';
import { beginUpload, randomBytes, succeed, withDigest } from '../load/oci-client.ts';
import { cpuSeconds, memory } from '../proc.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, type Scenario, startAll } from '../scenario.ts';
import { distribution, entrepot } from '../servers/registries.ts';
import type { Registry } from '../servers/server.ts';

const IMAGE = 'app';
const MIB = 1024 * 1024;
const PIECE = 8 * MIB;

export const pushHuge: Scenario = {
  name: 'push-5gib',
  title: 'One push of 5 GiB',
  minutes: 2,
  measures: [
    {
      key: 'peak',
      label: 'resident at most',
      unit: 'MiB',
      better: 'less',
      goals: [{ kind: 'value', atMost: 250 }],
    },
    { key: 'before', label: 'resident before', unit: 'MiB', better: 'less' },
    { key: 'rate', label: 'throughput', unit: 'MiB/s', better: 'more' },
    { key: 'cpu', label: 'server CPU per GiB', unit: 's', better: 'less' },
  ],
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const { running, missing } = await startAll<Registry>(stack, [entrepot(bench), distribution(bench)]);
  const size = (bench.quick ? 128 : 5120) * MIB;
  const contenders = running.map((registry) => contender(registry, size));
  const samples = await interleave({ counted: 1, warmUp: 0 }, contenders, bench.say);
  return { samples, missing, notes: NOTES };
}

function contender(registry: Registry, size: number): Contender {
  return {
    name: registry.name,
    async round() {
      const { resident: before } = await memory(registry.pid);
      const cpuBefore = await cpuSeconds(registry.pid);
      const session = await beginUpload(registry, IMAGE);
      const hash = createHash('sha256');
      const headers = await registry.authorize(IMAGE);
      const body = randomStream(size, (piece) => hash.update(piece));
      const begun = performance.now();
      const { location } = await upload({ method: 'PATCH', url: session, headers, body });
      const closing = await registry.authorize(IMAGE);
      const target = new URL(withDigest(location, `sha256:${hash.digest('hex')}`));
      await succeed(target, { method: 'PUT', headers: closing });
      const seconds = (performance.now() - begun) / 1000;
      const cpu = ((await cpuSeconds(registry.pid)) - cpuBefore) / (size / MIB / 1024);
      return { peak: (await memory(registry.pid)).peak, before, rate: size / MIB / seconds, cpu };
    },
  };
}

/** `size` bytes in pieces of which no two are equal, each shown to `see` as it leaves. */
function randomStream(size: number, see: (piece: Uint8Array) => void): ReadableStream<Uint8Array> {
  const base = randomBytes(PIECE);
  let left = size;
  return new ReadableStream({
    pull(controller) {
      const piece = base.slice(0, Math.min(left, PIECE));
      crypto.getRandomValues(piece.subarray(0, 64));
      left -= piece.byteLength;
      see(piece);
      controller.enqueue(piece);
      if (left === 0) controller.close();
    },
  });
}

const NOTES = [
  'The bytes are made, hashed and piped to curl while they are sent, so this throughput is that of the client as much ' +
    'as of the server. "Resident at most" is VmHWM, the peak since the start as the kernel saw it.',
];
