import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type GoVersion, moduleZip } from '../../server/testing/go.ts';
import { randomBytes } from '../load/oci-client.ts';
import { type Goal, SELF } from '../measure.ts';
import { askAll, combine, measuresOf, type Question } from '../questions.ts';
import { readingMeasures, readOften, SENDFILE } from '../reading.ts';
import { interleave } from '../rounds.ts';
import { type Bench, type Outcome, roundsOf, type Scenario, startAll, unlessInstalled } from '../scenario.ts';
import { seedCopies } from '../seed-copies.ts';
import { createRepository, entrepotMissing, signIn, startProcess } from '../servers/entrepot.ts';
import { athens, GO_REPOSITORY, goAt, type GoProxy, uploadModule } from '../servers/go.ts';
import { startNginx } from '../servers/nginx.ts';
import { type Place, placeFor, type Running } from '../servers/server.ts';

const MODULE = 'example.com/grown';
const VERSIONS = 5000;
/** What is copied. */
const FIRST = 'v1.77.777';
const LARGE: Omit<GoVersion, 'files'> = { module: 'example.com/large', version: 'v1.0.0' };
const versionOf = (at: number): string => `v1.0.${at}`;

const goals: readonly Goal[] = [{ kind: 'ratio', to: 'athens', atLeast: 5 }];
const LIST: Question = { key: 'list', label: '@v/list of 5,000 versions', connections: 4, goals };
const INFO: Question = { key: 'info', label: '.info of one of them', connections: 16, goals };

export const go: Scenario = {
  name: 'go',
  title: 'Lists, descriptions and zips of Go modules',
  minutes: 3,
  measures: [...[LIST, INFO].flatMap(measuresOf), ...readingMeasures('a zip of 8 MiB')],
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  const gone = entrepotMissing();
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: SELF, reason: gone }], notes: NOTES };
  const files = { 'data.txt': Buffer.from(randomBytes(6 * 1024 * 1024)).toString('base64') };
  const large: GoVersion = { ...LARGE, files };
  const count = bench.quick ? VERSIONS / 50 : VERSIONS;
  const place = await filledPlace(bench, large, count);
  const root = join(bench.directory, 'files');
  await mkdir(root);
  await Bun.write(join(root, 'large.zip'), moduleZip(large));
  await using stack = new AsyncDisposableStack();
  const own = goAt(stack.use(await signIn(await startProcess(place))));
  const all = Array.from({ length: count }, (_, at) => ({ module: MODULE, version: versionOf(at) }));
  const peers = await startAll<GoProxy>(stack, [athens(bench, [...all, large])]);
  const nginx = await startAll<Running>(stack, [
    { name: SENDFILE, missing: unlessInstalled('nginx'), start: () => startNginx(bench, root) },
  ]);
  const proxies = [own, ...peers.running];
  const ask = (path: string) =>
    proxies.map((server) => ({
      server,
      url: `${server.proxy}${MODULE}/${path}`,
      headers: async () => server.headers,
    }));
  const asked = await askAll(
    bench,
    [
      { question: LIST, of: ask('@v/list') },
      { question: INFO, of: ask(`@v/${versionOf(1)}.info`) },
    ],
    { counted: 5, seconds: 3 },
  );
  const reads = [
    ...proxies.map((server) => ({
      server,
      url: `${server.proxy}${LARGE.module}/@v/${LARGE.version}.zip`,
      headers: server.headers,
    })),
    ...nginx.running.map((server) => ({ server, url: `${server.url}/large.zip`, headers: {} })),
  ];
  const contenders = reads.map((read) => ({
    name: read.server.name,
    round: () => readOften(read, bench.quick ? 8 : 128),
  }));
  const samples = combine(asked, await interleave(roundsOf(bench, 5), contenders, bench.say));
  return { samples, missing: [...peers.missing, ...nginx.missing], notes: NOTES };
}

async function filledPlace(bench: Bench, large: GoVersion, copies: number): Promise<Place> {
  const place = await placeFor('entrepot', bench);
  {
    await using started = await startProcess(place);
    const server = await signIn(started);
    await createRepository(server, GO_REPOSITORY, { format: 'GO' });
    await uploadModule(goAt(server), { module: MODULE, version: FIRST });
    await uploadModule(goAt(server), large);
  }
  seedCopies(join(place.directory, 'data'), {
    copies,
    of: { package: MODULE, version: FIRST },
    renames: (copy) => [[FIRST, versionOf(copy)]],
  });
  return place;
}

const NOTES = [
  'Athens has the same modules on its disk and no network, and checks nobody. Files are read by a client that discards the bytes, as in the scenario of blobs.',
];
