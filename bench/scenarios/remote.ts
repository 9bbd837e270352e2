import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { npm } from '../../e2e/clients/npm.ts';
import { nodeProgram } from '../../e2e/harness/run.ts';
import { succeed } from '../load/oci-client.ts';
import { SELF } from '../measure.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, type Scenario, roundsOf } from '../scenario.ts';
import {
  createRepository,
  type Entrepot,
  entrepotMissing,
  repositoryPath,
  signIn,
  startProcess,
} from '../servers/entrepot.ts';
import { npmAddress } from '../servers/npm.ts';
import { placeFor } from '../servers/server.ts';
import { namesOf, startUpstream, type Upstream } from '../servers/upstream.ts';

const MIB = 1024 * 1024;
const CLIENTS = 50;
/** As far away as a registry in the same part of the world. */
const DELAY_MS = 20;

export const remote: Scenario = {
  name: 'remote',
  title: 'What is not cached yet, through a remote repository and straight from its upstream',
  minutes: 5,
  measures: [
    {
      key: 'install',
      label: `npm install of 300 packages, upstream ${DELAY_MS} ms away`,
      unit: 's',
      better: 'less',
      goals: [{ kind: 'ratio', to: 'direct', atMost: 1.1 }],
    },
    {
      key: 'local',
      label: 'npm install of 300 packages, upstream on this machine',
      unit: 's',
      better: 'less',
    },
    { key: 'first', label: 'first byte of a blob of 100 MiB', unit: 'ms', better: 'less' },
    {
      key: 'later',
      label: 'first byte of it, later than the upstream’s',
      unit: 'ms',
      better: 'less',
      goals: [{ kind: 'value', atMost: 20 }],
    },
    { key: 'all', label: `${CLIENTS} clients have a blob of 100 MiB`, unit: 's', better: 'less' },
    {
      key: 'asked',
      label: `upstream requests for ${CLIENTS} clients`,
      unit: 'in all',
      better: 'less',
      goals: [{ kind: 'value', atMost: 1 }],
    },
  ],
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  const client = nodeProgram('npm');
  const gone =
    entrepotMissing() ??
    (Bun.which(client) === null ? 'npm is not there: .ci/install-clients.sh' : undefined);
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: SELF, reason: gone }], notes: NOTES };
  const packages = bench.quick ? 30 : 300;
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(await startUpstream(bench, packages));
  const place = await placeFor('entrepot', bench);
  const allowed = ['--allow-upstream-hosts', new URL(upstream.url).host];
  const entrepot = stack.use(await signIn(await startProcess(place, allowed)));
  const size = (bench.quick ? 10 : 100) * MIB;
  let firstOfDirect = Number.NaN;
  const contenders: readonly Contender[] = [
    {
      name: 'direct',
      async round() {
        const install = await installing(bench, upstream, { url: upstream.registry });
        const local = await installing(bench, upstream, { url: upstream.registry }, 0);
        const path = `/v2/app/blobs/${await upstream.freshBlob(size)}`;
        const { first } = await reading(new URL(path, upstream.url), {}, size);
        firstOfDirect = first;
        return { install, local, first };
      },
    },
    {
      name: SELF,
      async round() {
        const caches = await freshCaches(entrepot, upstream);
        const install = await installing(bench, upstream, caches.distant);
        const local = await installing(bench, upstream, caches.near, 0);
        const digest = await upstream.freshBlob(size);
        const { first } = await reading(...caches.blob(digest), size);
        const shared = await freshCaches(entrepot, upstream);
        const [url, headers] = shared.blob(await upstream.freshBlob(size));
        const begun = performance.now();
        await Promise.all(Array.from({ length: CLIENTS }, () => reading(url, headers, size)));
        const all = (performance.now() - begun) / 1000;
        const asked = await upstream.blobRequests();
        return { install, local, first, later: first - firstOfDirect, all, asked };
      },
    },
  ];
  const samples = await interleave(roundsOf(bench, 5), contenders, bench.say);
  return { samples: new Map([...samples].toReversed()), missing: [], notes: NOTES };
}

interface Registry {
  readonly url: string;
  readonly token?: string;
}
interface Caches {
  /** For the two installations. */
  readonly distant: Registry;
  readonly near: Registry;
  readonly blob: (digest: string) => readonly [URL, Readonly<Record<string, string>>];
}

let made = 0;

/** Remote repositories in which nothing is. */
async function freshCaches(entrepot: Entrepot, upstream: Upstream): Promise<Caches> {
  made += 1;
  const create = async (id: string, format: string, field: string, uri: string): Promise<void> =>
    createRepository(entrepot, id, {
      format,
      mode: 'REMOTE_REPOSITORY',
      remoteRepositoryConfig: { [field]: { customRepository: { uri } } },
    });
  const [distant, near, blobs] = [`distant-${made}`, `near-${made}`, `blobs-${made}`];
  for (const id of [distant, near]) await create(id, 'NPM', 'npmRepository', upstream.registry);
  await create(blobs, 'DOCKER', 'dockerRepository', upstream.url);
  const token = entrepot.accessToken;
  return {
    distant: { url: npmAddress(entrepot.url, distant), token },
    near: { url: npmAddress(entrepot.url, near), token },
    blob: (digest) => [
      new URL(`/v2/${repositoryPath(blobs, 'app')}/blobs/${digest}`, entrepot.url),
      { authorization: `Bearer ${token}` },
    ],
  };
}

/** Seconds that npm takes with an empty cache of its own. */
async function installing(
  { directory }: Bench,
  upstream: Upstream,
  registry: Registry,
  delay = DELAY_MS,
): Promise<number> {
  const home = join(directory, `npm-${crypto.randomUUID().slice(0, 8)}`);
  const project = join(home, 'project');
  await mkdir(project, { recursive: true });
  const [first = ''] = namesOf(1);
  const wanted = { name: 'application', version: '1.0.0', dependencies: { [first]: '^1.0.0' } };
  await Bun.write(join(project, 'package.json'), JSON.stringify(wanted));
  const client = await npm.open({ ...registry, directory: home });
  await upstream.delay(delay);
  const begun = performance.now();
  await client.install(project);
  const seconds = (performance.now() - begun) / 1000;
  await upstream.delay(0);
  await rm(home, { recursive: true, force: true });
  return seconds;
}

/** Reads to the end; answers when the first byte came, in milliseconds. */
async function reading(
  url: URL,
  headers: Readonly<Record<string, string>>,
  size: number,
): Promise<{ readonly first: number }> {
  const begun = performance.now();
  const answer = await succeed(url, { headers });
  let [first, seen] = [Number.NaN, 0];
  for await (const chunk of answer.body ?? []) {
    if (seen === 0) first = performance.now() - begun;
    seen += chunk.byteLength;
  }
  if (seen !== size) throw new Error(`${url.href}: ${seen} bytes came, not ${size}`);
  return { first };
}

const NOTES = [
  'The upstream has everything in memory and does nothing else, so that what it takes is next to nothing; far away, it waits 20 ms before each answer. Each installation begins with an empty cache of npm and, through Entrepot, in a repository that nobody has used.',
  'The application has 300 packages with documents of 20 versions and tarballs of 20 kB, each needing two more. npm, the upstream and Entrepot share the machine.',
  'The clients on one blob come at once, and read all of it.',
];
