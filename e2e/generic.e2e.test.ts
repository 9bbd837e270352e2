import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { curl, type FileTree, type GenericClientKind, wget } from './clients/generic-client.ts';
import { describeWith } from './harness/needs.ts';
import { Relay } from './harness/relay.ts';
import { Repositories } from './harness/repositories.ts';
import { attempt, run } from './harness/run.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;
const PARENT = 'projects/my-project/locations/us-central1';
const ENTREPOT = [process.execPath, join(import.meta.dir, '..', 'bin', 'entrepot.ts')];
/** More than one part of the command line's uploads. */
const LARGE = Buffer.alloc(34 * 2 ** 20 + 5, 'large ');

let server: Server;
let other: Server;
let repositories: Repositories<FileTree>;
let space: Scratch;
let own: FileTree;
/** Of another Entrepot. */
let upstream: FileTree;
const repositoriesOf = (of: Server) =>
  new Repositories<FileTree>(of, 'GENERIC', async (url) => ({
    url,
    username: 'oauth2accesstoken',
    password: await of.accessToken(),
  }));
const remote = (id: string, uri: string) =>
  repositories.create(id, {
    mode: 'REMOTE_REPOSITORY',
    remoteRepositoryConfig: { commonRepository: { uri } },
  });

beforeAll(async () => {
  space = await scratch('generic');
  server = await startServer({ flags: ['--allow-upstream-hosts', '127.0.0.1'] });
  other = await startServer();
  repositories = repositoriesOf(server);
  own = await repositories.standard('own');
  upstream = await repositoriesOf(other).standard('shared');
  await other.api('POST', `${PARENT}/repositories/shared:setIamPolicy`, {
    policy: { bindings: [{ role: 'roles/artifactregistry.reader', members: ['allUsers'] }] },
  });
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await other.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

async function written(content: string | Uint8Array): Promise<string> {
  const path = join(space.path, crypto.randomUUID());
  await writeFile(path, content);
  return path;
}
const put = async (tree: FileTree, path: string, content: string | Uint8Array): Promise<void> => {
  await curl.upload(space, tree, path, await written(content));
};
const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
const user = () => ['-u', `${own.username}:${own.password}`];
const check = (says: string, body: () => Promise<void>): void => test(says, body, LIMIT_MS);

/** Takes a client through a repository of one's own, through a cache of another's, and through several behind one address. */
function throughAllModes(kind: GenericClientKind): void {
  const got = async (tree: FileTree, path: string) =>
    readFile(await kind.download(space, tree, path), 'utf8');
  const upload: typeof curl.upload = (...sent) => (kind.upload ? kind.upload(...sent) : curl.upload(...sent));

  check('a standard repository takes files and gives them back', async () => {
    const path = `tool/1.0/${kind.name}/a%20b.txt`;
    await upload(space, own, path, await written('of my own'));
    expect(await got(own, path)).toBe('of my own');
    const large = `tool/1.0/${kind.name}/large`;
    await upload(space, own, large, await written(LARGE));
    expect(await sha256(await kind.download(space, own, large))).toBe(
      createHash('sha256').update(LARGE).digest('hex'),
    );
  });

  check('a remote repository gives them cold, warm, and with the upstream cut', async () => {
    const path = `shared-${kind.name}/1.0/dir/file`;
    await put(upstream, path, 'of others');
    await using relay = await Relay.to(other.host);
    const address = new URL(upstream.url);
    address.host = relay.host;
    const cache = await remote(`cached-${kind.name}`, address.href);
    expect(await got(cache, path)).toBe('of others');
    expect(await got(cache, path)).toBe('of others');
    relay.cut();
    expect(await got(cache, path)).toBe('of others');
  });

  check('a virtual repository gives its own before those of others', async () => {
    const [mine, theirs] = [`mine-${kind.name}/1.0/file`, `theirs-${kind.name}/1.0/file`];
    await put(own, mine, 'mine');
    await put(upstream, mine, 'not mine');
    await put(upstream, theirs, 'theirs');
    await remote(`behind-${kind.name}`, upstream.url);
    const members = [
      { repository: `behind-${kind.name}`, priority: 200 },
      { repository: 'own', priority: 100 },
    ];
    const front = await repositories.virtual(`front-${kind.name}`, members, 'own');
    expect(await got(front, mine)).toBe('mine');
    expect(await got(front, theirs)).toBe('theirs');
    await upload(space, front, `through-${kind.name}/1.0/file`, await written('through'));
    expect(await got(own, `through-${kind.name}/1.0/file`)).toBe('through');
  });
}

for (const kind of [curl, wget])
  describeWith(kind.name, [...kind.programs, 'curl'], () => throughAllModes(kind));

describeWith('curl at a repository of files', ['curl'], () => {
  check('sends what it has no length of, goes on with a download, and climbs out of nothing', async () => {
    const source = await written('0123456789');
    const at = `${own.url}piped/1.0/file`;
    const piped = await attempt(['curl', '-fsS', ...user(), '-T', '-', at], { stdin: '0123456789' });
    expect(piped.code).toBe(0);
    const half = await written('01234');
    await run(['curl', '-fsS', ...user(), '-C', '-', '-o', half, at]);
    expect(await readFile(half, 'utf8')).toBe('0123456789');
    expect(await run(['curl', '-fsS', ...user(), '-r', '2-4', at])).toBe('234');
    const climbing = await attempt([
      'curl',
      '-sS',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '--path-as-is',
      ...user(),
      '-T',
      source,
      `${own.url}piped/1.0/../../../x`,
    ]);
    expect(Number(climbing.stdout)).toBeGreaterThanOrEqual(400);
  });

  check('is told in its own output why a file is not taken', async () => {
    const at = `${own.url}told/1.0/file`;
    await run(['curl', '-fsS', ...user(), '-T', await written('one'), at]);
    const refused = await attempt(['curl', '-sS', ...user(), '-T', await written('two'), at]);
    expect(refused.stdout).toContain('already exists');
  });
});

describe('entrepot artifacts generic', () => {
  check('takes a directory there and back', async () => {
    const from = join(space.path, 'from');
    await mkdir(join(from, 'deep', 'er'), { recursive: true });
    await writeFile(join(from, 'large'), LARGE);
    await writeFile(join(from, 'deep', 'er', 'ü b.txt'), 'deep');
    const to = join(space.path, 'to');
    await mkdir(to);
    const env = {
      ENTREPOT_SERVER: server.url,
      ENTREPOT_ACCESS_TOKEN: await server.accessToken(),
      HOME: space.path,
    };
    const flags = [
      '--project=my-project',
      '--location=us-central1',
      '--repository=own',
      '--package=cli',
      '--version=1.0',
    ];

    await run([...ENTREPOT, 'artifacts', 'generic', 'upload', ...flags, `--source-directory=${from}`], {
      env,
    });
    await run([...ENTREPOT, 'artifacts', 'generic', 'download', ...flags, `--destination=${to}`], { env });

    expect(await sha256(join(to, 'large'))).toBe(await sha256(join(from, 'large')));
    expect(await readFile(join(to, 'deep', 'er', 'ü b.txt'), 'utf8')).toBe('deep');
  });
});
