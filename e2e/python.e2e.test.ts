import { afterAll, beforeAll, describe, test } from 'bun:test';
import { flit } from './clients/flit.ts';
import { hatch } from './clients/hatch.ts';
import { poetry } from './clients/poetry.ts';
import type { PythonClientKind, PythonIndex } from './clients/python-client.ts';
import {
  installOwnFirst,
  installPastYanked,
  installThroughCache,
  publishAgain,
  publishAndInstall,
  type PythonWalk,
} from './clients/python-walk.ts';
import { verboseTwine, twine } from './clients/twine.ts';
import { uv } from './clients/uv.ts';
import { describeWith } from './harness/needs.ts';
import { PythonRepositories } from './harness/python-repositories.ts';
import { Relay } from './harness/relay.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;
const KINDS: readonly PythonClientKind[] = [twine, verboseTwine, uv, poetry, hatch, flit];

let server: Server;
let other: Server;
let repositories: PythonRepositories;
let space: Scratch;
let own: PythonIndex;
/** Of another Entrepot. */
let upstream: PythonIndex;

beforeAll(async () => {
  space = await scratch('python');
  server = await startServer({ flags: ['--allow-upstream-hosts', '127.0.0.1'] });
  other = await startServer();
  repositories = new PythonRepositories(server);
  own = await repositories.standard('own');
  upstream = await new PythonRepositories(other).standard('shared');
  await other.api('POST', 'projects/my-project/locations/us-central1/repositories/shared:setIamPolicy', {
    policy: { bindings: [{ role: 'roles/artifactregistry.reader', members: ['allUsers'] }] },
  });
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await other.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

const check = (says: string, body: () => Promise<void>): void => test(says, body, LIMIT_MS);

/** Takes a client through a repository of one's own, through a cache of another's, and through several behind one address. */
function throughAllModes(kind: PythonClientKind): void {
  const walk = (): PythonWalk => ({ kind, space });
  const slug = kind.name.replaceAll(/[^a-z]+/g, '-');

  describe('a standard repository', () => {
    check('takes what it publishes, and gives it back', () => publishAndInstall(walk(), own));
    check('keeps what it has, and says so', () => publishAgain(walk(), own));
    check('gives no file that is yanked while there is another', () =>
      installPastYanked(walk(), own, ({ name, version }, file) => {
        const at = `projects/my-project/locations/us-central1/repositories/own/pythonPackages/${name}:${version}`;
        return server.api('PATCH', `${at}?updateMask=yankedFiles`, { yankedFiles: { [file]: 'crashes' } });
      }),
    );
  });

  check('a remote repository installs cold, warm, and with the upstream cut', async () => {
    await using relay = await Relay.to(other.host);
    const address = new URL(upstream.url);
    address.host = relay.host;
    const cache = await repositories.remote(`cached-${slug}`, { uri: address.href });
    await installThroughCache({ walk: walk(), cache, upstream, cut: () => relay.cut() });
  });

  check(
    'a virtual repository installs its own before those of others, and takes what is published',
    async () => {
      const [behind, front] = [`behind-${slug}`, `front-${slug}`];
      await repositories.remote(behind, { uri: upstream.url });
      const members = [
        { repository: behind, priority: 200 },
        { repository: 'own', priority: 100 },
      ];
      const virtual = await repositories.virtual(front, members, 'own');
      await installOwnFirst({ walk: walk(), virtual, own, others: upstream });
      await publishAndInstall(walk(), virtual, 'through-one-address');
    },
  );
}

for (const kind of KINDS) describeWith(kind.name, kind.programs, () => throughAllModes(kind));
