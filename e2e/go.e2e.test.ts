import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { goAuth, goNetrc } from './clients/go.ts';
import type { GoClientKind, GoProxy } from './clients/go-client.ts';
import {
  getOwnFirst,
  getThroughCache,
  type GoWalk,
  openGo,
  publishAgain,
  publishAndGet,
} from './clients/go-walk.ts';
import { GoRepositories } from './harness/go-repositories.ts';
import { describeWith } from './harness/needs.ts';
import { Relay } from './harness/relay.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type SecureFront, secureFront } from './harness/secure-front.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 600_000;
const KINDS: readonly GoClientKind[] = [goNetrc, goAuth];

let server: Server;
let other: Server;
let fronts: readonly SecureFront[];
let repositories: GoRepositories;
let space: Scratch;
let own: GoProxy;
/** Of another Entrepot, where anybody may read. */
let upstream: GoProxy;

beforeAll(async () => {
  space = await scratch('go');
  server = await startServer({ flags: ['--allow-upstream-hosts', '127.0.0.1'] });
  other = await startServer();
  const [front, otherFront] = [secureFront(server.url), secureFront(other.url)];
  fronts = [front, otherFront];
  repositories = new GoRepositories(server, front);
  own = await repositories.standard('own');
  upstream = await new GoRepositories(other, otherFront).standard('shared');
  await other.api('POST', `${upstream.repository}:setIamPolicy`, {
    policy: { bindings: [{ role: 'roles/artifactregistry.reader', members: ['allUsers'] }] },
  });
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await other.stop();
  for (const front of fronts) await front[Symbol.asyncDispose]();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

const check = (says: string, body: () => Promise<void>): void => test(says, body, LIMIT_MS);
const behind = ({ repository }: GoProxy, host: string): string =>
  `http://${host}/us-central1-go/my-project/${repository.split('/').at(-1)}`;

/** Takes a client through a repository of one's own, through a cache of another's, and through several behind one address. */
function throughAllModes(kind: GoClientKind): void {
  const walk = (): GoWalk => ({ kind, space });
  const slug = kind.name.toLowerCase().replaceAll(/[^a-z]+/g, '-');

  describe('a standard repository', () => {
    check('takes what is published, and gives it back', () => publishAndGet(walk(), own));
    check('keeps what it has, and says so', () => publishAgain(walk(), own));
    check('is closed to whoever shows no credentials', async () => {
      const client = await openGo(
        { ...walk(), kind: { ...kind, login: async () => ({ GOAUTH: 'off' }) } },
        own,
      );
      const refused = await client.say(['example.com/team/closed']).then(() => 'got', String);
      expect(refused).toContain('401');
    });
  });

  check('a remote repository answers cold, warm, and with the upstream cut', async () => {
    await using relay = await Relay.to(other.host);
    const cache = await repositories.remote(`cached-${slug}`, { uri: behind(upstream, relay.host) });
    await getThroughCache({ walk: walk(), cache, upstream, cut: () => relay.cut() });
  });

  check(
    'a virtual repository gives its own before those of others, and takes what is published',
    async () => {
      const [remote, front] = [`behind-${slug}`, `front-${slug}`];
      await repositories.remote(remote, { uri: behind(upstream, other.host) });
      const members = [
        { repository: remote, priority: 200 },
        { repository: 'own', priority: 100 },
      ];
      const virtual = await repositories.virtual(front, members, 'own');
      await getOwnFirst({ walk: walk(), virtual, own, others: upstream });
      await publishAndGet(walk(), virtual, 'through-one-address');
    },
  );
}

for (const kind of KINDS) describeWith(kind.name, kind.programs, () => throughAllModes(kind));
