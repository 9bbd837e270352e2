import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyBinding } from '../../server/core/policy.ts';
import { writeAccess } from '../access.ts';
import { MANIFEST_TYPE, pushSmallImage } from '../load/oci-client.ts';
import { keepDoing, pushing } from '../load/beside.ts';
import { wrk } from '../load/wrk.ts';
import { type Measure, type Sample, SELF } from '../measure.ts';
import { cpuSeconds } from '../proc.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, type Scenario, unlessInstalled, roundsOf } from '../scenario.ts';
import {
  basic,
  createRepository,
  type Credentials,
  type Entrepot,
  type EntrepotProcess,
  inRepository,
  logIn,
  registryToken,
  repositoryPath,
  revoke,
  signIn,
  startProcess,
  startUnchecked,
  UNCHECKED,
} from '../servers/entrepot.ts';
import { type Place, placeFor } from '../servers/server.ts';

const IMAGE = 'app';
const TAG = 'v1';
const CONNECTIONS = 32;
const BINDINGS_EACH = 10;
/** Layers of an image: seven where there is one repository, one where there are a thousand. */
const LAYERS = { few: 7, many: 1 } as const;
/** What other connections do meanwhile: a busy installation's builds, and its people. */
const EVERY_MS = { push: 20, revoke: 100 } as const;

const PLAIN: Credentials = { username: 'plain', password: 'bench-plain' };
const CROWDED: Credentials = { username: 'crowded', password: 'bench-crowded' };

type Headers = Readonly<Record<string, string>>;

/** One way to ask, of a server with checks and of the same one without. */
interface Case {
  readonly key: string;
  readonly label: string;
  /** Absent: each of the many in turn. */
  readonly repository?: string;
  /** What others do meanwhile. */
  readonly beside?: keyof typeof EVERY_MS;
  /** Left out of the goal. */
  readonly forNote?: true;
  readonly headers: (url: string) => Promise<Headers>;
}

const bearerOf = (credentials: Credentials) => async (url: string) => ({
  authorization: `Bearer ${await logIn(url, credentials)}`,
});

const CASES: readonly Case[] = [
  { key: 'access', label: 'access token', repository: 'plain', headers: bearerOf(PLAIN) },
  {
    key: 'registry',
    label: 'registry token',
    repository: 'plain',
    headers: async (url) => ({
      authorization: `Bearer ${await registryToken(url, repositoryPath('plain', IMAGE), PLAIN)}`,
    }),
  },
  {
    key: 'password',
    label: 'user and password',
    repository: 'plain',
    headers: async () => ({ authorization: basic(PLAIN) }),
  },
  {
    key: 'anonymous',
    label: 'anonymous, public repository',
    repository: 'public',
    headers: async () => ({}),
  },
  {
    key: 'many',
    label: '10,000 bindings, 1,000 repositories and groups',
    headers: bearerOf(CROWDED),
  },
  {
    key: 'pushing',
    label: 'the same beside a push every 20 ms',
    beside: 'push',
    headers: bearerOf(CROWDED),
  },
  {
    key: 'revoking',
    label: 'the same beside a revoked token every 100 ms',
    beside: 'revoke',
    forNote: true,
    headers: bearerOf(CROWDED),
  },
  {
    key: 'condition',
    label: 'a condition on time and image',
    repository: 'conditional',
    headers: bearerOf(PLAIN),
  },
];

const goals = [{ kind: 'ratio', to: UNCHECKED, atLeast: 0.85 }] as const;

export const iam: Scenario = {
  name: 'iam',
  title: `Manifest GET by tag with and without authentication and authorization, ${CONNECTIONS} connections`,
  minutes: 6,
  measures: CASES.flatMap(({ key, label, forNote }): readonly Measure[] => [
    { key, label: `requests, ${label}`, unit: '/s', better: 'more', goals: forNote ? [] : goals },
    { key: `${key}Cpu`, label: `server CPU per request, ${label}`, unit: 'µs', better: 'less' },
  ]),
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  const gone = unlessInstalled('wrk');
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: SELF, reason: gone }], notes: NOTES };
  const repositories = bench.quick ? 20 : 1000;
  const checked = await filledPlace(bench, repositories);
  const unchecked = await placeFor('unchecked', bench);
  await cp(join(checked.directory, 'data'), join(unchecked.directory, 'data'), { recursive: true });
  await using stack = new AsyncDisposableStack();
  const servers = [stack.use(await startProcess(checked)), stack.use(await startUnchecked(unchecked))];
  const rounds = roundsOf(bench, 5);
  const samples = new Map<string, readonly Sample[]>();
  for (const each of CASES) {
    const contenders = servers.map((server) =>
      contender(server, each, { repositories, seconds: bench.quick ? 1 : 3 }),
    );
    for (const [name, measured] of await interleave(rounds, contenders, bench.say)) {
      const before = samples.get(name);
      samples.set(
        name,
        measured.map((sample, round) => ({ ...before?.[round], ...sample })),
      );
    }
  }
  return { samples, missing: [], notes: NOTES };
}

function contender(
  server: EntrepotProcess,
  { key, repository, headers, beside }: Case,
  { repositories, seconds }: { readonly repositories: number; readonly seconds: number },
): Contender {
  const [before = '', after = ''] = `/v2/${repositoryPath('team-#', IMAGE)}/manifests/${TAG}`.split('#');
  const cycle = { url: server.url, script: 'cycle.lua', args: [before, after, String(repositories)] };
  const one = (id: string) => ({
    url: `${server.url}/v2/${repositoryPath(id, IMAGE)}/manifests/${TAG}`,
  });
  return {
    name: server.name,
    async round() {
      const given = { accept: MANIFEST_TYPE, ...(await headers(server.url)) };
      const plan = { connections: CONNECTIONS, seconds, headers: given };
      const others = beside && (await startOthers(server, beside));
      const began = await cpuSeconds(server.pid);
      const result = await wrk({ ...(repository === undefined ? cycle : one(repository)), ...plan });
      const cpu = ((await cpuSeconds(server.pid)) - began) / result.requests;
      await others?.[Symbol.asyncDispose]();
      return { [key]: result.rate, [`${key}Cpu`]: cpu * 1e6 };
    },
  };
}

async function startOthers(server: EntrepotProcess, what: keyof typeof EVERY_MS): Promise<AsyncDisposable> {
  const work =
    what === 'push'
      ? await pushing(inRepository(await signIn(server), 'pushed'), IMAGE)
      : async () => revoke(server.url, await logIn(server.url));
  return keepDoing(EVERY_MS[what], work);
}

/** A data directory with the repositories of all cases, an image in each, and who may read them. */
async function filledPlace(bench: Bench, repositories: number): Promise<Place> {
  const place = await placeFor('checked', bench);
  const teams = Array.from({ length: repositories }, (_, at) => `team-${String(at).padStart(4, '0')}`);
  {
    await using server = await startProcess(place);
    const registry = await signIn(server);
    for (const id of ['plain', 'public', 'conditional', 'pushed']) await fill(registry, id, LAYERS.few);
    for (const id of teams) await fill(registry, id, LAYERS.many);
  }
  await writeAccess(join(place.directory, 'data'), {
    users: [PLAIN, CROWDED],
    groups: teams,
    memberOfAll: CROWDED.username,
    policies: new Map([
      ['plain', [reader(`user:${PLAIN.username}`)]],
      ['public', [reader('allUsers')]],
      ['conditional', [{ ...reader(`user:${PLAIN.username}`), condition: CONDITION }]],
      ...teams.map((id, at) => [id, crowdedPolicy(teams, at)] as const),
    ]),
  });
  bench.say(`  filled ${repositories} repositories, each with ${BINDINGS_EACH} bindings`);
  return place;
}

async function fill(registry: Entrepot, id: string, layers: number): Promise<void> {
  await createRepository(registry, id);
  await pushSmallImage(inRepository(registry, id), IMAGE, TAG, layers);
}

const reader = (...members: readonly string[]): PolicyBinding => ({
  role: 'roles/artifactregistry.reader',
  members,
});

const CONDITION = {
  title: 'until the end of the century, one image',
  expression: `request.time < timestamp("2099-12-31T23:59:59Z") && resource.package == "${IMAGE}"`,
};

/** Every binding means the caller through a group; only the last has the right that is asked for. */
function crowdedPolicy(groups: readonly string[], at: number): readonly PolicyBinding[] {
  const group = (offset: number) => `group:${groups[(at + offset) % groups.length] ?? ''}`;
  const others = Array.from({ length: BINDINGS_EACH - 1 }, (_, offset) => ({
    role: 'roles/iam.serviceAccountViewer',
    members: [group(offset + 1), `user:nobody-${offset}`],
  }));
  return [...others, reader(group(0))];
}

const NOTES = [
  `"${UNCHECKED}" is the same program with one constant caller and a constant yes; both serve copies of one data directory, and each case is measured in rounds of its own.`,
  'With 10,000 bindings the caller is in all 1,000 groups and asks for an image of each repository in turn; nine of the ten bindings there mean the caller and grant something else.',
  'A push is a commit of a manifest. It does not move what decisions are remembered by; a revoked token does, and everything is decided anew. The goal does not count that.',
];
