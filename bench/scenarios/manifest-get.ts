import { contentUrl, MANIFEST_TYPE, pushSmallImage, succeed } from '../load/oci-client.ts';
import { wrk } from '../load/wrk.ts';
import type { Sample } from '../measure.ts';
import { cpuSeconds } from '../proc.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, type Scenario, startAll } from '../scenario.ts';
import { type BareAnswer, startBare } from '../servers/bare.ts';
import { distribution, entrepot } from '../servers/registries.ts';
import type { Place, Registry } from '../servers/server.ts';

const IMAGE = 'app';
const TAG = 'v1';
const CONNECTIONS = 32;

export const manifestGet: Scenario = {
  name: 'manifest-get',
  title: `Manifest GET by tag, authenticated, ${CONNECTIONS} connections`,
  measures: [
    {
      key: 'rate',
      label: 'requests',
      unit: '/s',
      better: 'more',
      goals: [
        { kind: 'ratio', to: 'distribution', atLeast: 20 },
        { kind: 'ratio', to: 'bare Bun.serve', atLeast: 0.5 },
      ],
    },
    { key: 'p99', label: 'latency p99', unit: 'ms', better: 'less' },
    { key: 'cpu', label: 'server CPU per request', unit: 'µs', better: 'less' },
    { key: 'generator', label: 'load on wrk', unit: 'of one core', better: 'less' },
  ],
  run,
};

interface Target {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
}

async function run(bench: Bench): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const { running, missing } = await startAll<Registry>(stack, [
    entrepot(bench),
    distribution(bench),
    distribution(bench, 'none'),
  ]);
  const targets = await Promise.all(running.map(registryTarget));
  const bare = await Promise.all(targets.slice(0, 1).map((like) => bareTarget(stack, bench, like)));
  const contenders = [...targets, ...bare].map((target) => contender(target, bench.quick ? 1 : 5));
  const samples = await interleave({ counted: bench.quick ? 3 : 7, warmUp: 1 }, contenders, bench.say);
  return { samples, missing, notes: NOTES };
}

async function registryTarget(registry: Registry): Promise<Target> {
  await pushSmallImage(registry, IMAGE, TAG);
  return {
    name: registry.name,
    pid: registry.pid,
    url: contentUrl(registry, IMAGE, `manifests/${TAG}`),
    headers: async () => ({ accept: MANIFEST_TYPE, ...(await registry.authorize(IMAGE)) }),
  };
}

/** The runtime alone: asked the same thing in the same words, it answers the same headers and bytes. */
async function bareTarget(stack: AsyncDisposableStack, place: Place, like: Target): Promise<Target> {
  const answer = await record(like);
  const bare = stack.use(await startBare(place, answer));
  const target = { ...like, name: bare.name, pid: bare.pid, url: bare.url + new URL(like.url).pathname };
  if (Bun.deepEquals(await record(target), answer)) return target;
  throw new Error('the bare server does not answer what the registry does');
}

async function record({ url, headers }: Target): Promise<BareAnswer> {
  const response = await succeed(new URL(url), { headers: await headers() });
  const sent = [...response.headers].filter(([name]) => !SET_BY_THE_RUNTIME.has(name));
  return { headers: Object.fromEntries(sent), body: await response.text() };
}

const SET_BY_THE_RUNTIME = new Set(['date', 'content-length', 'connection']);

function contender({ name, pid, url, headers }: Target, seconds: number): Contender {
  return {
    name,
    async round(): Promise<Sample> {
      const plan = { url, connections: CONNECTIONS, seconds, headers: await headers() };
      const before = await cpuSeconds(pid);
      const result = await wrk(plan);
      const cpu = (((await cpuSeconds(pid)) - before) / result.requests) * 1e6;
      return { rate: result.rate, p99: result.p99, cpu, generator: result.generatorLoad };
    },
  };
}

const NOTES = [
  'distribution checks an RS256 token of its own token scheme, the counterpart of a registry token; "no auth" checks ' +
    'nothing and has its access log off, so it is the best distribution can do.',
  '"bare Bun.serve" is one fetch handler that answers the same headers and bytes and looks at nothing.',
  'Where the load on wrk is near 1, the generator was the limit and the server could do more.',
];
