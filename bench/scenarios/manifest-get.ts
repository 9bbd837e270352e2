import { contentUrl, MANIFEST_TYPE, pushSmallImage, sha256, succeed } from '../load/oci-client.ts';
import { askAll, type Asked, measuresOf, type Question } from '../questions.ts';
import { type Bench, type Outcome, type Scenario, startAll } from '../scenario.ts';
import { type BareAnswer, startBare } from '../servers/bare.ts';
import { distribution, entrepot, zot } from '../servers/registries.ts';
import type { Place, Registry } from '../servers/server.ts';

const IMAGE = 'app';
const TAG = 'v1';
const connections = 32;
const NO_AUTH = 'distribution, no auth';

const GET_TAG: Question = {
  key: 'rate',
  label: 'GET by tag',
  connections,
  generator: true,
  goals: [
    { kind: 'ratio', to: 'distribution', atLeast: 20 },
    { kind: 'ratio', to: 'bare Bun.serve', atLeast: 0.5 },
  ],
};
const GET_DIGEST: Question = { key: 'digest', label: 'GET by digest', connections, generator: true };
const HEAD_TAG: Question = { key: 'headTag', label: 'HEAD by tag', connections, method: 'HEAD' };
const HEAD_DIGEST: Question = { key: 'headDigest', label: 'HEAD by digest', connections, method: 'HEAD' };
const QUESTIONS = [GET_TAG, GET_DIGEST, HEAD_TAG, HEAD_DIGEST];

export const manifestGet: Scenario = {
  name: 'manifest-get',
  title: `Manifest GET and HEAD by tag and digest, authenticated, ${connections} connections`,
  minutes: 4,
  measures: QUESTIONS.flatMap(measuresOf),
  run,
};

interface Target extends Asked {
  readonly registry: Registry;
  readonly digest: string;
}

async function run(bench: Bench): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const { running, missing } = await startAll<Registry>(stack, [
    entrepot(bench),
    distribution(bench),
    distribution(bench, 'none'),
    zot(bench),
  ]);
  const targets = await Promise.all(running.map(registryTarget));
  const bare = await Promise.all(targets.slice(0, 1).map((like) => bareTarget(stack, bench, like)));
  const checking = targets.filter(({ server }) => server.name !== NO_AUTH);
  const byDigest = checking.map((target) => ({
    ...target,
    url: contentUrl(target.registry, IMAGE, `manifests/${target.digest}`),
  }));
  const samples = await askAll(
    bench,
    [
      { question: GET_TAG, of: [...targets, ...bare] },
      { question: GET_DIGEST, of: byDigest },
      { question: HEAD_TAG, of: [...checking, ...bare] },
      { question: HEAD_DIGEST, of: byDigest },
    ],
    { counted: 5, seconds: 4 },
  );
  return { samples, missing, notes: NOTES };
}

async function registryTarget(registry: Registry): Promise<Target> {
  const manifest = await pushSmallImage(registry, IMAGE, TAG);
  return {
    registry,
    digest: sha256(manifest),
    server: registry,
    url: contentUrl(registry, IMAGE, `manifests/${TAG}`),
    headers: async () => ({ accept: MANIFEST_TYPE, ...(await registry.authorize(IMAGE)) }),
  };
}

/** The runtime alone: asked the same thing in the same words, it answers the same headers and bytes. */
async function bareTarget(stack: AsyncDisposableStack, place: Place, like: Asked): Promise<Asked> {
  const answer = await record(like);
  const bare = stack.use(await startBare(place, answer));
  const target = { ...like, server: bare, url: bare.url + new URL(like.url).pathname };
  if (Bun.deepEquals(await record(target), answer)) return target;
  throw new Error('the bare server does not answer what the registry does');
}

async function record({ url, headers }: Asked): Promise<BareAnswer> {
  const response = await succeed(new URL(url), { headers: await headers() });
  const sent = [...response.headers].filter(([name]) => !SET_BY_THE_RUNTIME.has(name));
  return { headers: Object.fromEntries(sent), body: await response.text() };
}

const SET_BY_THE_RUNTIME = new Set(['date', 'content-length', 'connection']);

const NOTES = [
  'distribution checks an RS256 token of its own token scheme, the counterpart of a registry token; "no auth" checks ' +
    'nothing and has its access log off, so it is the best distribution can do.',
  '"bare Bun.serve" is one fetch handler that answers the same headers and bytes and looks at nothing.',
  'Where the load on wrk is near 1, the generator was the limit and the server could do more. HEAD is asked by ApacheBench, each on a new connection, which is most of what it costs: the bare server shows how much.',
];
