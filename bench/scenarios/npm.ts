import { makePackage, publish } from '../load/npm-package.ts';
import { probed } from '../load/probe.ts';
import { wrk } from '../load/wrk.ts';
import type { Measure, Sample } from '../measure.ts';
import { cpuSeconds } from '../proc.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, type Scenario, roundsOf, startAll, unlessInstalled } from '../scenario.ts';
import { entrepotNpm, type NpmServer, VERDACCIOS, verdaccio } from '../servers/npm.ts';

const CONNECTIONS = { small: 32, big: 4, tarball: 32, publish: 8 } as const;
/** What npm asks: some commands for all there is, installation for what it needs. */
const ACCEPT = {
  full: 'application/json',
  abbreviated: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*',
} as const;
const FORMS = ['full', 'abbreviated'] as const;
const SIZES = { small: '20 versions', big: '> 10 MB' } as const;
const DOCUMENTS = ['small', 'big'] as const;
const PUBLISHED = 100;
const PAYLOAD = { small: 20_000, tarball: 200_000 } as const;

const rate = (key: string, label: string, atLeast: number): Measure => ({
  key,
  label,
  unit: '/s',
  better: 'more',
  goals: Object.values(VERDACCIOS).map((to) => ({ kind: 'ratio', to, atLeast })),
});

const documentMeasures = DOCUMENTS.flatMap((size) =>
  FORMS.flatMap((form): readonly Measure[] => {
    const [key, label] = [`${size}-${form}`, `packument, ${SIZES[size]}, ${form}`];
    const cpu = { key: `${key}-cpu`, label: `server CPU, ${label}`, unit: 'ms', better: 'less' } as const;
    const goals = [{ kind: 'value', atMost: 50 }] as const;
    const beside = { unit: 'ms', better: 'less' } as const;
    return [
      rate(key, label, 10),
      cpu,
      ...(size === 'small'
        ? []
        : [
            { key: `${key}-max`, label: `others beside ${form}, slowest`, ...beside, goals },
            { key: `${key}-p99`, label: `others beside ${form}, p99`, ...beside },
          ]),
    ];
  }),
);

function publishMeasures(key: string, label: string): readonly Measure[] {
  const cpu = { key: `${key}-cpu`, label: `server CPU, ${label}, each`, unit: 'ms', better: 'less' } as const;
  return [rate(key, label, 5), cpu];
}

export const npm: Scenario = {
  name: 'npm',
  title: 'npm packuments, tarballs and publishing, authenticated',
  minutes: 7,
  measures: [
    ...documentMeasures,
    rate('tarball', 'tarball of 200 kB', 5),
    ...publishMeasures('publish-one', `publishing ${PUBLISHED} packages one after the other`),
    ...publishMeasures('publish-many', `publishing ${PUBLISHED} packages, ${CONNECTIONS.publish} at once`),
  ],
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  const gone = unlessInstalled('wrk');
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: 'entrepot', reason: gone }], notes: NOTES };
  await using stack = new AsyncDisposableStack();
  const { running, missing } = await startAll<NpmServer>(stack, [entrepotNpm(bench), verdaccio(bench)]);
  for (const server of running) await fill(bench, server);
  const asInstalled = await startAll<NpmServer>(stack, [verdaccio(bench, 'default')]);
  const contenders = [
    ...running.map((server) => contender(bench, server)),
    ...asInstalled.running.map(publisher),
  ];
  const samples = await interleave(roundsOf(bench, 5), contenders, bench.say);
  return { samples, missing, notes: NOTES };
}

/** A package with few versions, one with a document of more than 10 MB, and one with an ordinary tarball. */
async function fill(bench: Bench, server: NpmServer): Promise<void> {
  const begun = performance.now();
  await publish(
    server,
    'tarball',
    await makePackage({ name: 'tarball', version: '1.0.0', payload: PAYLOAD.tarball }),
  );
  const plans = [
    { name: 'small', versions: 20, manifestSize: 1500 },
    { name: 'big', versions: bench.quick ? 40 : 400, manifestSize: 28_000 },
  ];
  for (const { name, versions, manifestSize } of plans) {
    const made = await Promise.all(
      Array.from({ length: versions }, (_, minor) =>
        makePackage({ name, version: `1.${minor}.0`, manifestSize }),
      ),
    );
    const published = server.addVersions === undefined ? made : made.slice(0, 1);
    for (const each of published) await publish(server, name, each);
    await server.addVersions?.(
      name,
      made.slice(published.length).map(({ manifest }) => manifest),
    );
  }
  const sent = await fetch(`${server.registry}big`, { headers: { ...server.headers, accept: ACCEPT.full } });
  const size = (await sent.arrayBuffer()).byteLength;
  if (!bench.quick && size < 1e7) throw new Error(`the big packument has only ${size} bytes`);
  const seconds = Math.round((performance.now() - begun) / 1000);
  bench.say(`  filled ${server.name} in ${seconds} s; the big packument has ${(size / 1e6).toFixed(1)} MB`);
}

/** Publishes, and does nothing else. */
function publisher(server: NpmServer): Contender {
  let round = 0;
  return {
    name: server.name,
    async round() {
      round += 1;
      return {
        ...(await publishing(server, 'publish-one', `round-${round}-one`, 1)),
        ...(await publishing(server, 'publish-many', `round-${round}-many`, CONNECTIONS.publish)),
      };
    },
  };
}

function contender(bench: Bench, server: NpmServer): Contender {
  const published = publisher(server);
  return {
    name: server.name,
    async round() {
      const documents: Sample[] = [];
      for (const size of DOCUMENTS)
        for (const form of FORMS) documents.push(await readDocument(bench, server, size, form));
      const seconds = bench.quick ? 1 : 3;
      const tarball = await wrk({
        url: `${server.registry}tarball/-/tarball-1.0.0.tgz`,
        connections: CONNECTIONS.tarball,
        seconds,
        headers: server.headers,
      });
      return {
        ...Object.assign({}, ...documents),
        tarball: tarball.rate,
        ...(await published.round()),
      };
    },
  };
}

async function readDocument(
  bench: Bench,
  server: NpmServer,
  size: keyof typeof SIZES,
  form: keyof typeof ACCEPT,
): Promise<Sample> {
  const headers = { ...server.headers, accept: ACCEPT[form], 'accept-encoding': 'gzip' };
  const full = size === 'small' ? 3 : 5;
  const plan = {
    url: server.registry + size,
    connections: CONNECTIONS[size],
    seconds: bench.quick ? 1 : full,
    headers,
  };
  const before = await cpuSeconds(server.pid);
  const load = () => wrk(plan);
  const beside = size === 'big' ? await probed(`${server.registry}small`, headers, load) : undefined;
  const { rate: perSecond, requests } = beside?.result ?? (await load());
  const cpu = (((await cpuSeconds(server.pid)) - before) / requests) * 1000;
  const key = `${size}-${form}`;
  return {
    [key]: perSecond,
    [`${key}-cpu`]: cpu,
    ...(beside && { [`${key}-max`]: beside.max, [`${key}-p99`]: beside.p99 }),
  };
}

/**
 * Publishes packages that nobody has, and then reads the document of each, so that what a server puts off is done in its own turn
 * and counted as its work.
 */
async function publishing(server: NpmServer, key: string, prefix: string, atOnce: number): Promise<Sample> {
  const names = Array.from({ length: PUBLISHED }, (_, at) => `${prefix}-${at}`);
  const made = await Promise.all(
    names.map((name) => makePackage({ name, version: '1.0.0', manifestSize: 1500, payload: PAYLOAD.small })),
  );
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < names.length; at = next++) {
      const [name, each] = [names[at], made[at]];
      if (name !== undefined && each !== undefined) await publish(server, name, each);
    }
  };
  const before = await cpuSeconds(server.pid);
  const begun = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  const perSecond = PUBLISHED / ((performance.now() - begun) / 1000);
  for (const name of names) await read(server, name);
  const cpu = (((await cpuSeconds(server.pid)) - before) / PUBLISHED) * 1000;
  return { [key]: perSecond, [`${key}-cpu`]: cpu };
}

async function read({ registry, headers }: NpmServer, name: string): Promise<void> {
  const answer = await fetch(registry + name, { headers: { ...headers, accept: ACCEPT.full } });
  const { versions } = (await answer.json()) as { readonly versions: object };
  if (Object.keys(versions).length !== 1) throw new Error(`${name} has not the version that was published`);
}

const NOTES = [
  'Both check a signed or stored token on every request; "default tokens" is Verdaccio as it installs itself, whose tokens hold a password that it checks against a hash. Documents are asked for with Accept-Encoding: gzip, as npm does.',
  'While the big document is read over 4 connections, another connection asks for the small one every 20 ms; how long that took is what the rows on others show, the load generator’s own share of the machine included.',
  'A published package has a tarball of 20 kB. Entrepot answers when it is durable; Verdaccio does not sync. What is read of a package is made behind the answer: the rows on server CPU have that too, and one reading of each package.',
];
