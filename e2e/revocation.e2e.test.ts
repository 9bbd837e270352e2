import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { buildFixtures } from './fixtures/image.ts';
import { noise } from './fixtures/noise.ts';
import { base64, ended, ENDINGS } from './harness/endings.ts';
import { Identities, type Login } from './harness/identities.ts';
import { KeptConnection } from './harness/kept-connection.ts';
import { pushTree } from './harness/push.ts';
import { scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 120_000;
const CONNECTIONS = 6;
const CHUNK = 1000;
const READER = 'roles/artifactregistry.reader';
const WRITER = 'roles/artifactregistry.writer';
const DOWNLOAD = 'artifactregistry.repositories.downloadArtifacts';
const UPLOAD = 'artifactregistry.repositories.uploadArtifacts';

/** A right that someone has until `end`. */
interface Withdrawal {
  readonly says: string;
  readonly begin: (who: Identities, repository: string, seconds: number) => Promise<Begun>;
  /** What the next request is answered. */
  readonly status: 401 | 403;
  readonly pushes: boolean;
  /** What ended is a password, and showing it again counts as guessing, which is slowed down. */
  readonly guesses?: boolean;
}
interface Begun {
  readonly authorization: string | null;
  readonly end: () => Promise<unknown>;
  readonly endsAt?: number;
}

const basic = ({ username, password }: Login): string => `Basic ${base64(`${username}:${password}`)}`;
const userMember = ({ username }: Login): string => `user:${username}`;

const credentials: readonly Withdrawal[] = ENDINGS.map(({ says, begin, told }) => ({
  says,
  status: 401,
  pushes: true,
  guesses: told.test('user name or password is wrong'),
  begin: async (who, _, seconds) => {
    const { login, ...ends } = await begin(who, seconds);
    return { authorization: basic(login), ...ends };
  },
}));

/** A new user who has a role on something. */
async function holder(who: Identities, on: string, role: string): Promise<Login> {
  const login = await who.user();
  await who.grant(on, role, userMember(login));
  return login;
}

/** A new user in a new group that may push to a repository. */
async function writerByGroup(who: Identities, repository: string) {
  const [login, group] = [await who.user(), await who.group()];
  await who.grant(repository, WRITER, `group:${group}`);
  await who.join(group, login);
  return { login, group };
}

/** A new user with a new role of the project, by which they may pull and push. */
async function customHolder(who: Identities, repository: string) {
  const role = await who.customRole([DOWNLOAD, UPLOAD]);
  return { role, login: await holder(who, repository, role) };
}

const rights: readonly Withdrawal[] = [
  {
    says: 'a binding on the repository that was removed',
    status: 403,
    pushes: true,
    begin: async (who, repository) => {
      const login = await holder(who, repository, WRITER);
      return { authorization: basic(login), end: () => who.withdraw(repository, WRITER, userMember(login)) };
    },
  },
  {
    says: 'a binding on the project that was removed',
    status: 403,
    pushes: true,
    begin: async (who) => {
      const login = await holder(who, 'projects/my-project', WRITER);
      const end = () => who.withdraw('projects/my-project', WRITER, userMember(login));
      return { authorization: `Bearer ${await who.accessToken(login)}`, end };
    },
  },
  {
    says: 'a group that they were taken out of',
    status: 403,
    pushes: true,
    begin: async (who, repository) => {
      const { login, group } = await writerByGroup(who, repository);
      return { authorization: basic(login), end: () => who.leave(group, login) };
    },
  },
  {
    says: 'a group that was deleted',
    status: 403,
    pushes: true,
    begin: async (who, repository) => {
      const { login, group } = await writerByGroup(who, repository);
      return {
        authorization: `Bearer ${(await who.personalToken(login)).token}`,
        end: () => who.delete(`groups/${group}`),
      };
    },
  },
  {
    says: 'a custom role that lost its permissions',
    status: 403,
    pushes: true,
    begin: async (who, repository) => {
      const { login, role } = await customHolder(who, repository);
      const end = () => who.setRole(role, ['artifactregistry.tags.list']);
      return { authorization: basic(login), end };
    },
  },
  {
    says: 'a custom role that was deleted',
    status: 403,
    pushes: true,
    begin: async (who, repository) => {
      const { login, role } = await customHolder(who, repository);
      return { authorization: basic(login), end: () => who.delete(role) };
    },
  },
  {
    says: 'public access that was withdrawn',
    status: 401,
    pushes: false,
    begin: async (who, repository) => {
      await who.grant(repository, READER, 'allUsers');
      return { authorization: null, end: () => who.withdraw(repository, READER, 'allUsers') };
    },
  },
  {
    says: 'a user that was deleted',
    status: 401,
    pushes: true,
    begin: async (who, repository) => {
      const login = await holder(who, repository, WRITER);
      return { authorization: `Bearer ${await who.accessToken(login)}`, end: () => who.deleteUser(login) };
    },
  },
];

for (const workers of [1, 2])
  describe(workers === 1 ? 'on open connections' : `on open connections to ${workers} processes`, () => {
    let server: Server;
    let who: Identities;
    let connections: readonly KeptConnection[];

    beforeAll(async () => {
      await using space = await scratch('revocation');
      const { image } = await buildFixtures(join(space.path, 'fixtures'));
      server = await startServer({ workers });
      who = new Identities(server);
      // One that everybody with good credentials may use, so that only those decide; one for rights.
      for (const id of ['shared', 'granted']) {
        await server.createDockerRepository(id);
        await pushTree(server.image(id, 'app'), image, 'v1');
      }
      await who.grant(who.repository('shared'), WRITER, 'allAuthenticatedUsers');
      connections = await connectToAll(server, workers);
    }, LIMIT_MS);
    afterAll(async () => {
      for (const connection of connections) connection[Symbol.dispose]();
      await server.stop();
    }, LIMIT_MS);

    /** Reads, and begins an upload, on each connection; answers what it shows. */
    async function atWork(path: string, { authorization }: Begun, pushes: boolean) {
      const shown = [authorization, await registryToken(server, path, authorization)];
      const uploads = new Map<KeptConnection, string>();
      for (const connection of connections) {
        for (const each of shown)
          // Twice, so that the second is answered from memory.
          for (const _ of ['first', 'again'])
            expect(
              (await connection.send('GET', `${path}/manifests/v1`, { authorization: each })).status,
            ).toBe(200);
        if (pushes) uploads.set(connection, await beginUpload(connection, path, authorization));
      }
      return { shown, uploads };
    }

    const check = (repository: string, { says, begin, status, pushes, guesses }: Withdrawal): void =>
      test(
        `the request after the answer is refused with ${says}`,
        async () => {
          const path = `/v2/${server.repositoryPath(repository)}/app`;
          const [{ authorization }, { shown, uploads }] = await ended(
            (seconds) => begin(who, who.repository(repository), seconds),
            (begun) => atWork(path, begun, pushes),
          );

          for (const connection of connections)
            for (const each of shown) {
              const request = { authorization: each };
              const answers = [
                await connection.send('GET', `${path}/manifests/v1`, request),
                await connection.send('HEAD', `${path}/manifests/v1`, request),
              ];
              const upload = uploads.get(connection);
              if (upload !== undefined) answers.push(await append(connection, upload, each, CHUNK));
              const statuses = answers.map((answer) => answer.status);
              if (guesses && each === authorization)
                expect([401, 429]).toEqual(expect.arrayContaining(statuses));
              else expect(statuses).toEqual(statuses.map(() => status));
            }
        },
        LIMIT_MS,
      );

    for (const withdrawal of credentials) check('shared', withdrawal);
    for (const withdrawal of rights) check('granted', withdrawal);
  });

/** What a client shows instead of its credential, once `/v2/token` gave it. */
async function registryToken(server: Server, path: string, authorization: string | null): Promise<string> {
  const scope = `repository:${path.slice('/v2/'.length)}:pull,push`;
  const answer = await fetch(`${server.url}/v2/token?scope=${encodeURIComponent(scope)}`, {
    headers: authorization === null ? {} : { authorization },
  });
  return `Bearer ${((await answer.json()) as { readonly token: string }).token}`;
}

async function beginUpload(
  connection: KeptConnection,
  path: string,
  authorization: string | null,
): Promise<string> {
  const begun = await connection.send('POST', `${path}/blobs/uploads/`, { authorization });
  expect(begun.status).toBe(202);
  const location = begun.headers.get('location') ?? '';
  expect((await append(connection, location, authorization, 0)).status).toBe(202);
  return location;
}

const append = (connection: KeptConnection, location: string, authorization: string | null, from: number) =>
  connection.send('PATCH', location.replace(/^https?:\/\/[^/]+/, ''), {
    authorization,
    body: noise(from, CHUNK),
    headers: {
      'content-type': 'application/octet-stream',
      'content-range': `${from}-${from + CHUNK - 1}`,
    },
  });

/** Some connections to each process. Each counts requests for itself, which tells them apart. */
async function connectToAll(server: Server, workers: number): Promise<readonly KeptConnection[]> {
  const connections: KeptConnection[] = [];
  for (;;) {
    for (let more = 0; more < CONNECTIONS; more += 1)
      connections.push(await KeptConnection.open(server.host));
    for (const connection of connections) await connection.send('GET', '/healthz', { authorization: null });
    const counts = new Set<string>();
    for (const connection of connections) {
      const { text } = await connection.send('GET', '/metrics', { authorization: null });
      counts.add(/^entrepot_http_requests_total\{.*healthz.*\} (\d+)$/m.exec(text)?.[1] ?? '');
    }
    if (counts.size >= workers) return connections;
  }
}
