import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { drawChart } from '../chart.ts';
import {
  call,
  contentUrl,
  MANIFEST_TYPE,
  pushBlob,
  pushSmallImage,
  randomBytes,
  sha256,
  succeed,
} from '../load/oci-client.ts';
import { type Measure, type Sample, type Samples, SELF } from '../measure.ts';
import { cpuSeconds, memory } from '../proc.ts';
import { askAll, type Asked, combine, type Question } from '../questions.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, roundsOf, type Scenario } from '../scenario.ts';
import { numbered, seedGrowth } from '../seed-growth.ts';
import {
  createRepository,
  type Entrepot,
  entrepotMissing,
  LOCATION,
  packageName,
  PROJECT,
  repositoryName,
  signIn,
  startProcess,
} from '../servers/entrepot.ts';
import { madeWheel, PYTHON_REPOSITORY, pythonAt } from '../servers/python.ts';
import { type Place, placeFor } from '../servers/server.ts';
import { median } from '../statistics.ts';

const IMAGE = 'grown';
const TAG = 'template';
const PYTHON_PROJECT = 'project-0000000';
const SIZES = [1_000, 10_000, 100_000, 1_000_000] as const;
const QUICK_SIZES = [100, 1_000] as const;
const MOST = 2;
/** What is added has no bytes, which the scrub would have to write down for each. */
const UNDISTURBED = ['--scrub', 'false'];

type Headers = Readonly<Record<string, string>>;

/** Something that must cost the same however much there is. */
interface Kind {
  readonly key: string;
  readonly label: string;
  readonly path: (registry: Entrepot, size: number) => string;
  readonly headers?: Headers;
}

const KINDS: readonly Kind[] = [
  {
    key: 'manifest',
    label: 'manifest GET by tag',
    path: (registry) => `/v2/${registry.repository(IMAGE)}/manifests/${TAG}`,
    headers: { accept: MANIFEST_TYPE },
  },
  {
    key: 'tags',
    label: 'tags/list, first 100',
    path: (registry) => `/v2/${registry.repository(IMAGE)}/tags/list?n=100`,
  },
  {
    key: 'tagsLast',
    label: 'tags/list, 100 from the middle',
    path: (registry, size) =>
      `/v2/${registry.repository(IMAGE)}/tags/list?n=100&last=t${String(size / 2).padStart(7, '0')}`,
  },
  {
    key: 'versions',
    label: 'API, 100 versions',
    path: () => `/v1/${packageName(IMAGE)}/versions?pageSize=100`,
  },
  {
    key: 'packages',
    label: 'API, 100 packages',
    path: () => `/v1/${repositoryName(PYTHON_REPOSITORY)}/packages?pageSize=100`,
  },
  { key: 'catalog', label: '_catalog, first 100', path: () => '/v2/_catalog?n=100' },
  {
    key: 'simple',
    label: 'Python index of a project',
    path: (_, size) =>
      `/${LOCATION}-python/${PROJECT}/${PYTHON_REPOSITORY}/simple/${numbered(PYTHON_PROJECT, size / 2)}/`,
    headers: { accept: 'application/vnd.pypi.simple.v1+json', 'accept-encoding': 'gzip' },
  },
];
const WRITES = [
  { key: 'pushBlob', label: 'push of a blob of 1 kB' },
  { key: 'pushManifest', label: 'push of a manifest with a new tag' },
] as const;

const questionOf = ({ key, label }: Kind): Question => ({ key, label, connections: 2 });

const named = (size: number): string => `${size.toLocaleString('en-US')} objects`;

export const growth: Scenario = {
  name: 'growth',
  title: 'How cost grows with what there is',
  minutes: 8,
  measures: [
    ...[...KINDS, ...WRITES].map(({ key, label }) => cost(`${key}Cpu`, `server CPU, ${label}`, 'µs')),
    {
      key: 'start',
      label: 'start to ready',
      unit: 's',
      better: 'less',
      goals: [{ kind: 'value', atMost: 2 }],
    },
    {
      key: 'resident',
      label: 'resident when idle',
      unit: 'MiB',
      better: 'less',
      goals: [{ kind: 'value', atMost: 90 }],
    },
  ],
  run,
};

function cost(key: string, label: string, unit: string): Measure {
  return { key, label, unit, better: 'less', goals: [{ kind: 'ratio', to: named(SIZES[0]), atMost: MOST }] };
}

async function run(bench: Bench): Promise<Outcome> {
  const gone = entrepotMissing();
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: SELF, reason: gone }], notes: NOTES };
  const places = await grownPlaces(bench, bench.quick ? QUICK_SIZES : SIZES);
  const starts = await interleave(
    roundsOf(bench, 3),
    places.map((grown): Contender => ({ name: grown.name, round: () => startOnce(bench, grown.place) })),
    bench.say,
  );
  await using stack = new AsyncDisposableStack();
  const servers: { readonly size: number; readonly registry: Entrepot }[] = [];
  for (const { name, size, place } of places) {
    const started = stack.use(await startProcess(place, UNDISTURBED));
    servers.push({ size, registry: { ...(await signIn(started)), name } });
  }
  const askings = KINDS.map((kind) => ({
    question: questionOf(kind),
    of: servers.map(({ registry, size }): Asked => ({
      server: registry,
      url: registry.url + kind.path(registry, size),
      headers: async () => ({ authorization: `Bearer ${registry.accessToken}`, ...kind.headers }),
    })),
  }));
  for (const { of } of askings)
    for (const { url, headers } of of)
      await (await succeed(new URL(url), { headers: await headers() })).arrayBuffer();
  const reads = await askAll(bench, askings, { counted: 3, seconds: 1 });
  const writes = await interleave(
    roundsOf(bench, 3),
    servers.map(({ registry }): Contender => ({
      name: registry.name,
      round: () => writing(bench, registry),
    })),
    bench.say,
  );
  const samples = combine(combine(starts, reads), writes);
  return { samples: ordered(samples), missing: [], notes: NOTES, chart: chartOf(samples, places) };
}

interface Grown {
  readonly name: string;
  readonly size: number;
  readonly place: Place;
}

/** The same registry, copied each time that it has grown to one of the sizes. The largest is Entrepot as such. */
async function grownPlaces(bench: Bench, sizes: readonly number[]): Promise<readonly Grown[]> {
  const growing = await placeFor('growing', bench);
  const data = join(growing.directory, 'data');
  {
    await using started = await startProcess(growing, UNDISTURBED);
    const registry = await signIn(started);
    await createRepository(registry);
    await createRepository(registry, PYTHON_REPOSITORY, { format: 'PYTHON' });
    await pushSmallImage(registry, IMAGE, TAG);
    const release = { name: PYTHON_PROJECT };
    const { filename, bytes } = madeWheel(release);
    await (await pythonAt(registry)).upload(filename, bytes, release);
  }
  const grown: Grown[] = [];
  let from = 1;
  for (const size of sizes) {
    const begun = performance.now();
    seedGrowth(data, { image: IMAGE, project: PYTHON_PROJECT }, { from, to: size });
    from = size;
    const place = await placeFor(`grown-${size}`, bench);
    await cp(data, join(place.directory, 'data'), { recursive: true });
    grown.push({ name: size === sizes.at(-1) ? SELF : named(size), size, place });
    bench.say(`  grown to ${size} in ${Math.round((performance.now() - begun) / 1000)} s`);
  }
  return grown;
}

async function startOnce(bench: Bench, place: Place): Promise<Sample> {
  const begun = performance.now();
  await using server = await startProcess(place, UNDISTURBED);
  await succeed(new URL(`${server.url}/readyz`), {});
  const start = (performance.now() - begun) / 1000;
  await Bun.sleep(bench.quick ? 500 : 4000);
  return { start, resident: (await memory(server.pid)).resident };
}

/** CPU of pushes one after the other, which their syncs are no part of. */
async function writing(bench: Bench, registry: Entrepot): Promise<Sample> {
  const count = bench.quick ? 20 : 150;
  const type = 'application/octet-stream';
  const each = Array.from({ length: count }, () => randomBytes(1000));
  const beforeBlobs = await cpuSeconds(registry.pid);
  for (const bytes of each) await pushBlob(registry, IMAGE, type, bytes);
  const beforeManifests = await cpuSeconds(registry.pid);
  const known = await (
    await succeed(new URL(contentUrl(registry, IMAGE, `manifests/${TAG}`)), {
      headers: { accept: MANIFEST_TYPE, ...(await registry.authorize(IMAGE)) },
    })
  ).json();
  for (const bytes of each) {
    const body = JSON.stringify({ ...(known as object), annotations: { pushed: sha256(bytes) } });
    const headers = { 'content-type': MANIFEST_TYPE };
    await call(registry, IMAGE, `manifests/${sha256(bytes).slice(7, 27)}`, { method: 'PUT', headers, body });
  }
  const after = await cpuSeconds(registry.pid);
  const perRequest = 1e6 / count;
  return {
    pushBlobCpu: (beforeManifests - beforeBlobs) * perRequest,
    pushManifestCpu: (after - beforeManifests) * perRequest,
  };
}

/** Entrepot first, then from the smallest. */
const ordered = (samples: Samples): Samples =>
  new Map([...samples].toSorted(([a], [b]) => Number(b === SELF) - Number(a === SELF)));

function chartOf(samples: Samples, places: readonly Grown[]): string {
  return drawChart({
    title: 'Server CPU per request, by how much there is',
    x: 'versions, tags and blobs of one image, and packages of one repository',
    y: 'CPU per request, µs',
    series: [...KINDS, ...WRITES].map(({ key, label }) => ({
      label,
      points: places.flatMap(({ name, size }) => {
        const values = (samples.get(name) ?? []).flatMap((sample) => sample[`${key}Cpu`] ?? []);
        // What is less than a step of /proc is shown as one.
        return values.length === 0 ? [] : [[size, Math.max(1, median(values))] as const];
      }),
    })),
  });
}

const NOTES = [
  `"entrepot" has 1,000,000 versions with a tag, a file and a blob each in one image, and 1,000,000 packages in a Python repository; the other rows are the same with fewer. The ratio is how much more the same costs, and at most ${MOST} × is asked for.`,
  'All four run at once and are asked in turn. Reads come from wrk over two connections; pushes are made one after the other.',
];
