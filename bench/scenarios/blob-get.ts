import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { download, type Transfer } from '../load/curl.ts';
import { discard } from '../load/discard.ts';
import { contentUrl, pushBlob, randomBytes } from '../load/oci-client.ts';
import type { Measure, Sample } from '../measure.ts';
import { cpuSeconds } from '../proc.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, type Scenario, roundsOf, startAll, unlessInstalled } from '../scenario.ts';
import { startNginx } from '../servers/nginx.ts';
import { distribution, entrepot } from '../servers/registries.ts';
import type { Registry, Running } from '../servers/server.ts';

const IMAGE = 'app';
const MIB = 1024 * 1024;
const GB = 1e9;
const BLOB_SIZE = 64 * MIB;

function measuresOf(client: string, label: string): readonly Measure[] {
  const cpu = [{ kind: 'ratio', to: 'nginx sendfile', atMost: 1.2 }] as const;
  const rate = [{ kind: 'ratio', to: 'distribution', atLeast: 1 }] as const;
  return [
    { key: `${client}Cpu`, label: `server CPU per GB, ${label}`, unit: 's', better: 'less', goals: cpu },
    { key: `${client}Rate`, label: `throughput, ${label}`, unit: 'GB/s', better: 'more', goals: rate },
    { key: `${client}Load`, label: `load on ${label}`, unit: 'of one core', better: 'less' },
  ];
}

export const blobGet: Scenario = {
  name: 'blob-get',
  title: 'Blob GET, 64 MiB, one connection',
  minutes: 3,
  measures: [...measuresOf('discard', 'discarding client'), ...measuresOf('curl', 'curl')],
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const bytes = randomBytes(BLOB_SIZE);
  const root = join(bench.directory, 'files');
  await mkdir(root);
  await Bun.write(join(root, 'blob'), bytes);
  const registries = await startAll<Registry>(stack, [entrepot(bench), distribution(bench)]);
  const files = await startAll<Running>(stack, [
    {
      name: 'nginx sendfile',
      missing: unlessInstalled('nginx'),
      start: () => startNginx(bench, root),
    },
  ]);
  // 2 GiB are two thirds of a second of CPU, so that the 10 ms steps of /proc are 1.5 %.
  const times = bench.quick ? 8 : 32;
  const contenders: Contender[] = [];
  for (const registry of registries.running) {
    const { digest } = await pushBlob(registry, IMAGE, 'application/octet-stream', bytes);
    const url = contentUrl(registry, IMAGE, `blobs/${digest}`);
    contenders.push(contender(registry, url, times, () => registry.authorize(IMAGE)));
  }
  for (const server of files.running)
    contenders.push(contender(server, `${server.url}/blob`, times, () => Promise.resolve({})));
  const samples = await interleave(roundsOf(bench, 7), contenders, bench.say);
  return { samples, missing: [...registries.missing, ...files.missing], notes: NOTES };
}

function contender(
  { name, pid }: Running,
  url: string,
  times: number,
  headers: () => Promise<Readonly<Record<string, string>>>,
): Contender {
  return {
    name,
    async round() {
      const given = await headers();
      return {
        ...(await turn('discard', pid, () => discard({ url, headers: given, times }))),
        ...(await turn('curl', pid, () => download(url, given, times))),
      };
    },
  };
}

async function turn(client: string, pid: number, transfer: () => Promise<Transfer>): Promise<Sample> {
  const before = await cpuSeconds(pid);
  const { bytes, seconds, clientCpu } = await transfer();
  const cpu = (await cpuSeconds(pid)) - before;
  if (bytes === 0 || bytes % BLOB_SIZE !== 0) throw new Error(`${bytes} bytes came`);
  const gigabytes = bytes / GB;
  return {
    [`${client}Cpu`]: cpu / gigabytes,
    [`${client}Rate`]: gigabytes / seconds,
    [`${client}Load`]: clientCpu / seconds,
  };
}

const NOTES = [
  'The discarding client reads with MSG_TRUNC: the kernel drops the bytes without copying them, as if the receiver ' +
    'were another machine. The file is in the page cache.',
  'curl copies every byte. From a server that sends the file itself it copies cold pages, from one that copies through ' +
    'a buffer it copies warm ones; where the load on curl is near 1, its row compares that and not the servers.',
];
