import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { upload } from '../load/curl.ts';
import { randomBytes } from '../load/oci-client.ts';
import { type Sample, SELF } from '../measure.ts';
import { askAll, combine, measuresOf, type Question } from '../questions.ts';
import { readingMeasures, readOften, SENDFILE } from '../reading.ts';
import { interleave } from '../rounds.ts';
import { type Bench, type Outcome, roundsOf, type Scenario, startAll, unlessInstalled } from '../scenario.ts';
import {
  createRepository,
  entrepotMissing,
  LOCATION,
  PROJECT,
  signIn,
  startProcess,
} from '../servers/entrepot.ts';
import { startNginx } from '../servers/nginx.ts';
import { placeFor, type Running } from '../servers/server.ts';

const REPOSITORY = 'generic';
const MIB = 1024 * 1024;
/** MiB of what is uploaded, and how often in a round. */
const UPLOAD = { size: 10, times: 10 } as const;
const SMALL: Question = { key: 'small', label: 'a file of 1 kB', connections: 32 };
const DAV = 'nginx dav';

export const generic: Scenario = {
  name: 'generic',
  title: 'Files of any kind, downloaded and uploaded',
  minutes: 2,
  measures: [
    ...measuresOf(SMALL),
    ...readingMeasures('a file of 64 MiB'),
    { key: 'upload', label: `PUT of files of ${UPLOAD.size} MiB`, unit: 'MiB/s', better: 'more' },
  ],
  run,
};

/** Somebody who has files below an address. */
interface Files {
  readonly server: Running;
  /** Ends in a slash. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function run(bench: Bench): Promise<Outcome> {
  const gone = entrepotMissing();
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: SELF, reason: gone }], notes: NOTES };
  await using stack = new AsyncDisposableStack();
  const own = stack.use(await signIn(await startProcess(await placeFor('entrepot', bench))));
  await createRepository(own, REPOSITORY, { format: 'GENERIC' });
  const root = join(bench.directory, 'files');
  await mkdir(root);
  const missing = unlessInstalled('nginx');
  const nginx = await startAll<Running>(stack, [
    { name: SENDFILE, missing, start: () => startNginx(bench, root) },
    { name: DAV, missing, start: () => startNginx(bench, root, { dav: true }) },
  ]);
  const base = `${own.url}/${LOCATION}-generic/${PROJECT}/${REPOSITORY}/`;
  const all: readonly Files[] = [
    { server: own, base, headers: { authorization: `Bearer ${own.accessToken}` } },
    ...nginx.running.map((server) => ({ server, base: `${server.url}/`, headers: {} })),
  ];
  const takers = all.filter(({ server }) => server.name !== SENDFILE);
  const source = join(bench.directory, 'source');
  for (const [name, size] of [
    ['small', 1000],
    ['large', (bench.quick ? 8 : 64) * MIB],
  ] as const) {
    await Bun.write(source, randomBytes(size));
    for (const files of takers) await put(files, `app/1.0.0/${name}`, source);
  }
  const readers = all.filter(({ server }) => server.name !== DAV);
  const of = readers.map(({ server, base: at, headers }) => ({
    server,
    url: `${at}app/1.0.0/small`,
    headers: async () => headers,
  }));
  const asked = await askAll(bench, [{ question: SMALL, of }], { counted: 5, seconds: 3 });
  const reads = readers.map(({ server, base: at, headers }) => ({
    name: server.name,
    round: () => readOften({ server, url: `${at}app/1.0.0/large`, headers }, bench.quick ? 4 : 32),
  }));
  const read = await interleave(roundsOf(bench, 5), reads, bench.say);
  const puts = takers.map((files) => ({
    name: files.server.name,
    round: () => uploading(bench, files, source),
  }));
  const taken = await interleave(roundsOf(bench, 5), puts, bench.say);
  return { samples: combine(combine(asked, read), taken), missing: nginx.missing, notes: NOTES };
}

const put = ({ base, headers }: Files, path: string, body: string) =>
  upload({ method: 'PUT', url: base + path, headers, body });

async function uploading(bench: Bench, files: Files, source: string): Promise<Sample> {
  const times = bench.quick ? 1 : UPLOAD.times;
  let seconds = 0;
  for (let time = 0; time < times; time += 1) {
    await Bun.write(source, randomBytes(UPLOAD.size * MIB));
    seconds += (await put(files, `${crypto.randomUUID()}/1.0.0/file`, source)).seconds;
  }
  return { upload: (UPLOAD.size * times) / seconds };
}

const NOTES = [
  'nginx checks nobody, and answers a PUT before anything is synced; Entrepot checks each request and answers when what it took is durable.',
];
