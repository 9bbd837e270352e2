import { afterAll, beforeAll, describe, test } from 'bun:test';
import { Browser } from '../server/testing/browser.ts';
import { berry } from './clients/berry.ts';
import { bun } from './clients/bun.ts';
import type { NpmClientKind, NpmRegistry } from './clients/npm-client.ts';
import {
  askAround,
  installOwnFirst,
  installThroughCache,
  logIn,
  type NpmWalk,
  publishAgain,
  publishAndInstall,
  tagAndTakeBack,
} from './clients/npm-walk.ts';
import { npm } from './clients/npm.ts';
import { pnpm } from './clients/pnpm.ts';
import { yarn } from './clients/yarn.ts';
import { Identities } from './harness/identities.ts';
import { describeWith } from './harness/needs.ts';
import { NpmRepositories } from './harness/npm-repositories.ts';
import { Relay } from './harness/relay.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';
import { startVerdaccio, VERDACCIO } from './harness/verdaccio.ts';

const LIMIT_MS = 300_000;
const KINDS: readonly NpmClientKind[] = [npm, pnpm, yarn, berry, bun];

let server: Server;
let repositories: NpmRepositories;
let space: Scratch;
let own: NpmRegistry;

beforeAll(async () => {
  space = await scratch('npm');
  server = await startServer({ flags: ['--allow-upstream-hosts', '127.0.0.1'] });
  repositories = new NpmRepositories(server);
  own = await repositories.standard('own');
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  for (const upstream of upstreams.values()) await (await upstream).stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

/** A registry that repositories of the server under test get packages from. */
interface Upstream extends NpmRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  stop(): Promise<void>;
}

/** Started by the first client that needs it, for all. */
const upstreams = new Map<() => Promise<Upstream>, Promise<Upstream>>();

function shared(start: () => Promise<Upstream>): Promise<Upstream> {
  const started = upstreams.get(start) ?? start();
  upstreams.set(start, started);
  return started;
}

/** Another Entrepot, with a repository that everybody may read. */
async function startEntrepot(): Promise<Upstream> {
  const other = await startServer();
  const registry = await new NpmRepositories(other).standard('shared');
  const who = new Identities(other);
  await who.grant(who.repository('shared'), 'roles/artifactregistry.reader', 'allUsers');
  return { ...registry, host: other.host, stop: () => other.stop() };
}

/** Logs in at a browser, and lets the program in that sent the person there. */
async function letIn(url: string): Promise<void> {
  const browser = new Browser((request) => fetch(request));
  await browser.open(url);
  await browser.submit({ username: server.username, password: server.password });
  await browser.submit();
  await browser.submit({ decision: 'allow' });
}

const check = (says: string, body: () => Promise<void>): void => test(says, body, LIMIT_MS);
const slug = ({ name }: NpmClientKind): string => name.replace(' ', '');

/** Takes a client through a repository of one's own, through caches of others, and through several behind one address. */
function throughAllModes(kind: NpmClientKind): void {
  const walk = (): NpmWalk => ({ kind, space });

  describe('a standard repository', () => {
    check('takes what it publishes, and gives it back by name and by lock file', () =>
      publishAndInstall(walk(), own),
    );
    check('takes no version twice, and says so', () => publishAgain(walk(), own));
    check('changes tags, deprecates and takes back, as far as it can', () => tagAndTakeBack(walk(), own));
    check('answers who, whether, what and how safe, as far as it asks', () =>
      askAround(walk(), own, server.username),
    );
    check('is logged in to with a password and in a browser, as far as the client knows how', () =>
      logIn(walk(), own, { username: server.username, password: server.password, approve: letIn }),
    );
  });

  for (const [name, start] of [
    ['Verdaccio', startVerdaccio],
    ['another Entrepot', startEntrepot],
  ] as const)
    check(`a remote repository of ${name} installs cold, warm, and with the upstream cut`, async () => {
      const upstream = await shared(start);
      await using relay = await Relay.to(upstream.host);
      const address = new URL(upstream.url);
      address.host = relay.host;
      const purpose = name === 'Verdaccio' ? 'cached' : 'cached-twice';
      // Documents that are never fresh have to be kept for when the upstream is away all the same.
      const cache = await repositories.remote(`${purpose}-${slug(kind)}`, { uri: address.href }, '0s');
      await installThroughCache({ walk: walk(), cache, upstream, cut: () => relay.cut(), purpose });
    });

  check(
    'a virtual repository installs its own before those of others, and takes what is published',
    async () => {
      const others = await shared(startVerdaccio);
      const [behind, front] = [`behind-${slug(kind)}`, `front-${slug(kind)}`];
      await repositories.remote(behind, { uri: others.url });
      const members = [
        { repository: behind, priority: 200 },
        { repository: 'own', priority: 100 },
      ];
      const virtual = await repositories.virtual(front, members, 'own');
      await installOwnFirst({ walk: walk(), virtual, own, others });
      await publishAndInstall(walk(), virtual, 'through-one-address');
    },
  );
}

for (const kind of KINDS) describeWith(kind.name, [...kind.programs, VERDACCIO], () => throughAllModes(kind));
