import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { download, type Transfer } from '../load/curl.ts';
import { discard } from '../load/discard.ts';
import { contentUrl, pushBlob, randomBytes } from '../load/oci-client.ts';
import type { Measure, Sample, Samples } from '../measure.ts';
import { cpuSeconds } from '../proc.ts';
import { combine } from '../questions.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, roundsOf, type Scenario, startAll, unlessInstalled } from '../scenario.ts';
import { startNginx } from '../servers/nginx.ts';
import { distribution, entrepot, zot } from '../servers/registries.ts';
import type { Registry, Running } from '../servers/server.ts';

const IMAGE = 'app';
const MIB = 1024 * 1024;
const GB = 1e9;
const SENDFILE = 'nginx sendfile';

type Headers = Readonly<Record<string, string>>;
type Client = 'discard' | 'curl';

/** What is read: a whole blob, or a piece from its middle. */
interface Case {
  readonly key: string;
  readonly label: string;
  readonly mebibytes: number;
  readonly client: Client;
  /** How often, on one connection: half a GiB and more, so that the 10 ms steps of /proc are small. */
  readonly times: number;
  readonly piece?: number;
}

const CASES: readonly Case[] = [
  { key: 'small', label: '1 MiB', mebibytes: 1, client: 'discard', times: 1024 },
  { key: 'discard', label: '64 MiB', mebibytes: 64, client: 'discard', times: 32 },
  { key: 'curl', label: '64 MiB with curl', mebibytes: 64, client: 'curl', times: 32 },
  { key: 'large', label: '1 GiB', mebibytes: 1024, client: 'discard', times: 2 },
  {
    key: 'range',
    label: 'ranges of 4 MiB of 1 GiB',
    mebibytes: 1024,
    client: 'discard',
    times: 256,
    piece: 4,
  },
];

function measuresOf({ key, label }: Case): readonly Measure[] {
  const cpu = [{ kind: 'ratio', to: SENDFILE, atMost: 1.2 }] as const;
  const rate = [
    { kind: 'ratio', to: 'distribution', atLeast: 1 },
    { kind: 'ratio', to: SENDFILE, atLeast: 0.95 },
  ] as const;
  return [
    { key: `${key}Cpu`, label: `server CPU per GB, ${label}`, unit: 's', better: 'less', goals: cpu },
    { key: `${key}Rate`, label: `throughput, ${label}`, unit: 'GB/s', better: 'more', goals: rate },
    { key: `${key}Load`, label: `load on the client, ${label}`, unit: 'of one core', better: 'less' },
  ];
}

export const blobGet: Scenario = {
  name: 'blob-get',
  title: 'Blob GET of 1 MiB, 64 MiB and 1 GiB, and ranges, one connection',
  minutes: 4,
  measures: CASES.flatMap(measuresOf),
  run,
};

/** Somebody who has all blobs. */
interface Source {
  readonly server: Running;
  readonly url: (mebibytes: number) => string;
  readonly headers: () => Promise<Headers>;
}

async function run(bench: Bench): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const registries = await startAll<Registry>(stack, [entrepot(bench), distribution(bench), zot(bench)]);
  const root = join(bench.directory, 'files');
  await mkdir(root);
  const missing = unlessInstalled('nginx');
  const files = await startAll<Running>(stack, [
    { name: SENDFILE, missing, start: () => startNginx(bench, root) },
  ]);
  const urls = new Map<string, string>();
  for (const mebibytes of new Set(CASES.map((each) => each.mebibytes)))
    await fill(registries.running, join(root, String(mebibytes)), sizeOf(bench, mebibytes), (name, url) =>
      urls.set(`${name} ${mebibytes}`, url),
    );
  const sources: readonly Source[] = [
    ...registries.running.map((server) => ({
      server,
      url: (mebibytes: number) => urls.get(`${server.name} ${mebibytes}`) ?? '',
      headers: () => server.authorize(IMAGE),
    })),
    ...files.running.map((server) => ({
      server,
      url: (mebibytes: number) => `${server.url}/${mebibytes}`,
      headers: () => Promise.resolve({}),
    })),
  ];
  let samples: Samples = new Map();
  for (const each of CASES) {
    const contenders = sources.map((source) => contender(bench, source, each));
    samples = combine(samples, await interleave(roundsOf(bench, 5), contenders, bench.say));
  }
  return { samples, missing: [...registries.missing, ...files.missing], notes: NOTES };
}

const sizeOf = ({ quick }: Bench, mebibytes: number): number =>
  (quick ? Math.min(mebibytes, 16) : mebibytes) * MIB;

/** Makes the file and pushes it to all. */
async function fill(
  registries: readonly Registry[],
  file: string,
  size: number,
  tell: (name: string, url: string) => void,
): Promise<void> {
  const bytes = randomBytes(size);
  await Bun.write(file, bytes);
  for (const each of registries) {
    const { digest } = await pushBlob(each, IMAGE, 'application/octet-stream', bytes);
    tell(each.name, contentUrl(each, IMAGE, `blobs/${digest}`));
  }
}

function contender(bench: Bench, { server, url, headers }: Source, what: Case): Contender {
  const { key, mebibytes, client, piece } = what;
  const size = sizeOf(bench, mebibytes);
  const times = bench.quick ? Math.ceil(what.times / 16) : what.times;
  const middle = Math.floor(size / 2);
  const range = piece === undefined ? {} : { range: `bytes=${middle}-${middle + piece * MIB - 1}` };
  const expected = times * (piece === undefined ? size : piece * MIB);
  return {
    name: server.name,
    async round(): Promise<Sample> {
      const plan = { url: url(mebibytes), headers: { ...(await headers()), ...range }, times };
      const before = await cpuSeconds(server.pid);
      const { bytes, seconds, clientCpu } = await transfer(client, plan);
      const cpu = (await cpuSeconds(server.pid)) - before;
      if (bytes !== expected) throw new Error(`${bytes} bytes came, not ${expected}`);
      const gigabytes = bytes / GB;
      return {
        [`${key}Cpu`]: cpu / gigabytes,
        [`${key}Rate`]: gigabytes / seconds,
        [`${key}Load`]: clientCpu / seconds,
      };
    },
  };
}

interface Plan {
  readonly url: string;
  readonly headers: Headers;
  readonly times: number;
}

const transfer = (client: Client, { url, headers, times }: Plan): Promise<Transfer> =>
  client === 'curl' ? download(url, headers, times) : discard({ url, headers, times });

const NOTES = [
  'Unless curl is named, the client reads with MSG_TRUNC: the kernel drops the bytes without copying them, as if the ' +
    'receiver were another machine. The file is in the page cache.',
  'curl copies every byte. From a server that sends the file itself it copies cold pages, from one that copies through ' +
    'a buffer it copies warm ones; where the load on curl is near 1, its row compares that and not the servers.',
];
