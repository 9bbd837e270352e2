import { pushSmallImage } from '../load/oci-client.ts';
import { inParallel } from '../load/parallel.ts';
import { askAll, measuresOf, type Question } from '../questions.ts';
import { type Bench, type Outcome, type Scenario, startAll } from '../scenario.ts';
import { distribution, entrepot, zot } from '../servers/registries.ts';
import type { Registry } from '../servers/server.ts';

const IMAGES = 1000;
const MANY = 'many';
const goals = [{ kind: 'ratio', to: 'distribution, no auth', atLeast: 5 }] as const;
const CATALOG: Question = { key: 'catalog', label: '_catalog, 100 of 1,000 images', connections: 4, goals };
const TAGS: Question = { key: 'tags', label: 'tags/list of 1,000 tags', connections: 4, goals };

export const catalog: Scenario = {
  name: 'catalog',
  title: 'Catalog of 1,000 images and list of 1,000 tags',
  minutes: 3,
  measures: [CATALOG, TAGS].flatMap(measuresOf),
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const { running, missing } = await startAll<Registry>(stack, [
    entrepot(bench),
    distribution(bench, 'none'),
    zot(bench),
  ]);
  const count = bench.quick ? IMAGES / 20 : IMAGES;
  for (const registry of running) await fill(bench, registry, count);
  const ask = (path: (registry: Registry) => string) =>
    running.map((server) => ({
      server,
      url: server.url + path(server),
      headers: () => server.authorize(MANY),
    }));
  const samples = await askAll(
    bench,
    [
      { question: CATALOG, of: ask(() => '/v2/_catalog?n=100') },
      { question: TAGS, of: ask((registry) => `/v2/${registry.repository(MANY)}/tags/list`) },
    ],
    { counted: 5, seconds: 3 },
  );
  return { samples, missing, notes: NOTES };
}

async function fill(bench: Bench, registry: Registry, count: number): Promise<void> {
  const begun = performance.now();
  const all = Array.from({ length: count }, (_, at) => at);
  await inParallel(8, all, async (at) => {
    await pushSmallImage(registry, `image-${String(at).padStart(4, '0')}`, 'v1', 1);
    await pushSmallImage(registry, MANY, `v${at}`, 1);
  });
  bench.say(`  filled ${registry.name} in ${Math.round((performance.now() - begun) / 1000)} s`);
}

const NOTES = [
  'distribution has no authentication here, since a catalog needs another token than what is pushed.',
];
