import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretSealer } from '../lib/sealed-secret.ts';
import { UpstreamSecretTables } from '../stores/metadata/upstream-secrets.ts';
import { ApiCaller, type Json, LOCATION } from '../testing/api.ts';
import { ALL_TYPES, configOf, setAuditConfigs } from '../testing/audit.ts';
import { failureOf } from '../testing/failure-of.ts';
import { temporary, TestServer } from '../testing/harness.ts';
import { SecretFiles } from '../stores/secret-files.ts';

let server: TestServer;
let admin: ApiCaller;
let directory: string;
let secrets: UpstreamSecretTables;
beforeAll(async () => {
  directory = await temporary();
  server = await TestServer.start(['--secrets', directory]);
  admin = new ApiCaller(server);
  await setAuditConfigs(server, '/', [configOf(ALL_TYPES)]);
  secrets = secretsOf(server, directory);
  await mkdir(join(directory, 'my-project/upstream/..data'), { recursive: true });
  await writeFile(join(directory, 'my-project/upstream/..data/1'), 'mounted-pass\n');
  await symlink('..data/1', join(directory, 'my-project/upstream/1'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const secretsOf = ({ database, directory: data }: TestServer, root?: string) =>
  new UpstreamSecretTables({
    database,
    sealer: new SecretSealer(data.signingKey(), 'upstream credentials'),
    ...(root !== undefined && { files: new SecretFiles(root) }),
  });
const creating = (id: string) => `${LOCATION}/repositories?repositoryId=${id}`;
const named = (id: string) => `${LOCATION}/repositories/${id}`;
const remote = (upstreamCredentials: Json) => ({
  format: 'DOCKER',
  mode: 'REMOTE_REPOSITORY',
  remoteRepositoryConfig: {
    commonRepository: { uri: 'https://up.example' },
    disableUpstreamValidation: true,
    upstreamCredentials,
  },
});
const basicOf = (fields: Json) => ({ usernamePasswordCredentials: fields });
const VERSION = 'projects/my-project/secrets/upstream/versions/1';
const EXCHANGE = { tokenUri: 'https://auth.example/token', clientId: 'me' };

async function kept(id: string) {
  const row = await server.database.read
    .selectFrom('repository')
    .select('id')
    .where('name', '=', id)
    .executeTakeFirstOrThrow();
  return secrets.find(row.id);
}
const shown = async (id: string): Promise<Json> =>
  (await admin.get(named(id))).remoteRepositoryConfig.upstreamCredentials;
const patch = (id: string, mask: string, upstreamCredentials: Json) =>
  admin.ok('PATCH', `${named(id)}?updateMask=remoteRepositoryConfig.upstreamCredentials${mask}`, {
    remoteRepositoryConfig: { upstreamCredentials },
  });

describe('credentials of an upstream', () => {
  const good: readonly (readonly [says: string, given: Json, shown: Json, kept: Json])[] = [
    [
      'a password',
      basicOf({ username: 'ci', password: 'pass-1' }),
      basicOf({ username: 'ci', hasPassword: true }),
      { kind: 'basic', username: 'ci', password: 'pass-1' },
    ],
    [
      'a password that somebody else keeps',
      basicOf({ username: 'ci', passwordSecretVersion: VERSION }),
      basicOf({ username: 'ci', passwordSecretVersion: VERSION }),
      { kind: 'basic', username: 'ci', password: 'mounted-pass' },
    ],
    [
      'a token',
      { bearerCredentials: { token: 'token-1' } },
      { bearerCredentials: { hasToken: true } },
      { kind: 'bearer', token: 'token-1' },
    ],
    [
      'a client secret',
      { tokenExchangeCredentials: { ...EXCHANGE, clientSecret: 'client-1', scope: 'read' } },
      { tokenExchangeCredentials: { ...EXCHANGE, hasClientSecret: true, scope: 'read' } },
      { kind: 'token-exchange', ...EXCHANGE, clientSecret: 'client-1', scope: 'read' },
    ],
  ];
  it.each(good)('are %s, which is kept and not shown', async (says, given, after, credentials) => {
    const id = says.replaceAll(' ', '-');
    const { response } = await admin.ok('POST', creating(id), remote(given));
    expect(response.remoteRepositoryConfig.upstreamCredentials).toEqual(after);
    expect(await shown(id)).toEqual(after);
    expect(await kept(id)).toEqual(credentials);
  });

  const bad: readonly (readonly [says: string, given: Json, words: string])[] = [
    ['a user name alone', basicOf({ username: 'ci' }), 'need a password, or a passwordSecretVersion'],
    ['a claim to have one', basicOf({ username: 'ci', hasPassword: true }), 'need a password'],
    ['a password alone', basicOf({ password: 'x' }), 'need a username'],
    ['a user name with a colon', basicOf({ username: 'a:b', password: 'x' }), 'no colon'],
    ['a password of two lines', basicOf({ username: 'ci', password: 'one\ntwo' }), 'no control characters'],
    ['an endless one', basicOf({ username: 'ci', password: 'x'.repeat(16_385) }), 'up to 16384 characters'],
    ['two', basicOf({ username: 'ci', password: 'x', passwordSecretVersion: VERSION }), 'not both'],
    [
      'two kinds',
      { ...basicOf({ username: 'ci', password: 'x' }), bearerCredentials: { token: 'y' } },
      'give one kind of credentials',
    ],
    ['an empty token', { bearerCredentials: { token: '' } }, 'bearerCredentials need a token'],
    [
      'no client',
      { tokenExchangeCredentials: { tokenUri: EXCHANGE.tokenUri, clientSecret: 'x' } },
      'a clientId',
    ],
    [
      'no place to get a token',
      { tokenExchangeCredentials: { clientId: 'me', clientSecret: 'x' } },
      "tokenUri must start with 'http://'",
    ],
    ...[
      'projects/my-project/secrets/upstream',
      'projects/my-project/secrets/../versions/1',
      'projects/../secrets/upstream/versions/1',
      'projects/my-project/secrets/a%2Fb/versions/1',
      'projects/my-project/secrets/upstream/versions/..',
    ].map(
      (passwordSecretVersion) =>
        [
          `the secret ${passwordSecretVersion}`,
          basicOf({ username: 'ci', passwordSecretVersion }),
          'passwordSecretVersion must be projects/P/secrets/S/versions/V',
        ] as const,
    ),
    [
      'a secret of another project',
      basicOf({ username: 'ci', passwordSecretVersion: 'projects/theirs/secrets/upstream/versions/1' }),
      "the secret must be of the repository's own project",
    ],
  ];
  it.each(bad)('are not %s', async (_, given, words) => {
    expect(await admin.refused('POST', creating('bad'), remote(given))).toMatchObject({
      status: 400,
      message: expect.stringContaining(words),
    });
  });

  it('cannot be named where the server has none to read', async () => {
    await using other = await TestServer.start();
    const body = remote(basicOf({ username: 'ci', passwordSecretVersion: VERSION }));
    expect(await new ApiCaller(other).refused('POST', creating('x'), body)).toMatchObject({
      status: 400,
      message: expect.stringMatching(/give the password itself .* or start the server with --secrets DIR/),
    });
  });
});

const moved = (tokenExchangeCredentials: Json) => ({
  remoteRepositoryConfig: { upstreamCredentials: { tokenExchangeCredentials } },
});

describe('a change of credentials', () => {
  const KEPT = basicOf({ username: 'ci', password: 'pass-1' });
  it('of a user name keeps the password', async () => {
    await admin.ok('POST', creating('renamed'), remote(KEPT));
    await patch('renamed', '.usernamePasswordCredentials.username', basicOf({ username: 'other' }));
    expect(await kept('renamed')).toEqual({ kind: 'basic', username: 'other', password: 'pass-1' });
    await patch('renamed', '', basicOf({ username: 'third' }));
    expect(await kept('renamed')).toEqual({ kind: 'basic', username: 'third', password: 'pass-1' });
  });

  it('replaces a password, by its field or with all of them', async () => {
    await admin.ok('POST', creating('replaced'), remote(KEPT));
    await patch('replaced', '.usernamePasswordCredentials.password', basicOf({ password: 'pass-2' }));
    expect(await kept('replaced')).toEqual({ kind: 'basic', username: 'ci', password: 'pass-2' });
    await patch('replaced', '.username_password_credentials.password_secret_version', {
      usernamePasswordCredentials: { passwordSecretVersion: VERSION },
    });
    expect(await kept('replaced')).toEqual({ kind: 'basic', username: 'ci', password: 'mounted-pass' });
    await patch('replaced', '.usernamePasswordCredentials.password', basicOf({ password: 'pass-3' }));
    expect(await shown('replaced')).toEqual(basicOf({ username: 'ci', hasPassword: true }));
    await patch('replaced', '', { bearerCredentials: { token: 'token-2' } });
    expect(await shown('replaced')).toEqual({ bearerCredentials: { hasToken: true } });
    expect(await kept('replaced')).toEqual({ kind: 'bearer', token: 'token-2' });
  });

  it('that takes away the password alone is refused, and that takes away all forgets it', async () => {
    await admin.ok('POST', creating('cleared'), remote(KEPT));
    const mask = 'updateMask=remoteRepositoryConfig.upstreamCredentials';
    const path = `${named('cleared')}?${mask}.usernamePasswordCredentials.password`;
    expect(await admin.refused('PATCH', path, {})).toMatchObject({
      status: 400,
      message: expect.stringContaining(
        'to remove them, patch with upstreamCredentials in the mask and leave them out',
      ),
    });
    expect(await kept('cleared')).toMatchObject({ password: 'pass-1' });
    await admin.ok('PATCH', `${named('cleared')}?${mask}`, {});
    expect(await kept('cleared')).toBeUndefined();
    expect(await sealed('cleared')).toBe(0);
  });

  it('sends a client secret nowhere new', async () => {
    const given = { tokenExchangeCredentials: { ...EXCHANGE, clientSecret: 'client-1' } };
    await admin.ok('POST', creating('moved'), remote(given));
    const mask = 'updateMask=remoteRepositoryConfig.upstreamCredentials.tokenExchangeCredentials';
    for (const [path, fields] of [
      ['.tokenUri', { tokenUri: 'https://evil.example' }],
      ['', { ...EXCHANGE, tokenUri: 'https://evil.example', hasClientSecret: true }],
    ] as const)
      expect(await admin.refused('PATCH', `${named('moved')}?${mask}${path}`, moved(fields))).toMatchObject({
        status: 400,
        message: expect.stringContaining('need a clientSecret'),
      });
    expect(await kept('moved')).toMatchObject({ tokenUri: EXCHANGE.tokenUri, clientSecret: 'client-1' });
  });

  it('is none where a repository is sent back as it was read', async () => {
    await admin.ok('POST', creating('echoed'), remote(KEPT));
    await admin.ok('PATCH', named('echoed'), { ...(await admin.get(named('echoed'))), description: 'x' });
    expect(await kept('echoed')).toEqual({ kind: 'basic', username: 'ci', password: 'pass-1' });
  });

  it('goes with the repository', async () => {
    await admin.ok('POST', creating('gone'), remote(KEPT));
    expect(await sealed('gone')).toBe(1);
    await admin.ok('DELETE', named('gone'));
    await admin.ok('POST', creating('gone'), remote({}));
    expect(await sealed('gone')).toBe(0);
  });
});

async function sealed(id: string): Promise<number> {
  const { rows } = await server.database.read
    .selectFrom('upstream_secret')
    .innerJoin('repository', 'repository.id', 'repository_id')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .where('name', '=', id)
    .executeTakeFirstOrThrow();
  return rows;
}

describe('a secret that somebody else keeps', () => {
  it('is read each time, and nowhere else', async () => {
    const body = remote(basicOf({ username: 'ci', passwordSecretVersion: VERSION.replace('/1', '/2') }));
    await admin.ok('POST', creating('rotated'), body);
    expect(await failureOf(kept('rotated'))).toMatchObject({
      code: 'UNAVAILABLE',
      reason: 'UPSTREAM_REFUSED',
      message: expect.stringContaining('the operator puts it into my-project/upstream/2 of the directory'),
    });
    const file = join(directory, 'my-project/upstream/2');
    await writeFile(file, 'first\n');
    expect(await kept('rotated')).toMatchObject({ password: 'first' });
    await writeFile(file, 'second');
    expect(await kept('rotated')).toMatchObject({ password: 'second' });
    await rm(file);
    await mkdir(join(directory, 'theirs'));
    await writeFile(join(directory, 'theirs/key'), 'theirs');
    await symlink('../../theirs/key', file);
    expect(await failureOf(kept('rotated'))).toMatchObject({ reason: 'UPSTREAM_REFUSED' });
  });
});

it('says no secret again: in no answer, no record, no log and no file', async () => {
  const words = ['plain-pass-8c1f', 'plain-token-55d0', 'plain-client-9aa2'] as const;
  const [password, token, clientSecret] = words;
  const answers: string[] = [];
  const send = async (method: string, path: string, body?: Json) => {
    answers.push(await (await admin.send(method, path, body)).text());
  };
  const all = [
    basicOf({ username: 'ci', password }),
    { bearerCredentials: { token } },
    { tokenExchangeCredentials: { ...EXCHANGE, clientSecret } },
  ];
  for (const [at, given] of all.entries()) {
    await send('POST', creating(`secret-${at}`), remote(given));
    await send(
      'PATCH',
      `${named(`secret-${at}`)}?updateMask=remoteRepositoryConfig.upstreamCredentials`,
      remote(given),
    );
    // A refusal, with the secret in what was refused, and one where it does not belong.
    await send('PATCH', `${named(`secret-${at}`)}?updateMask=remoteRepositoryConfig.upstreamCredentials`, {
      remoteRepositoryConfig: { upstreamCredentials: { ...all[0], ...all[1], ...all[2] } },
    });
    await send('GET', named(`secret-${at}`));
  }
  await send('GET', `${LOCATION}/repositories?pageSize=1000`);
  await server.app.flushAudit();
  const entries = await server.database.read.selectFrom('audit_entry').selectAll().execute();
  const operations = await server.database.read.selectFrom('operation').selectAll().execute();
  const outbox = await server.database.read.selectFrom('outbox').selectAll().execute();
  expect(entries.length).toBeGreaterThan(6);
  const places: Readonly<Record<string, string>> = {
    answers: answers.join('\n'),
    entries: JSON.stringify(entries),
    operations: JSON.stringify(operations),
    outbox: JSON.stringify(outbox),
    log: JSON.stringify(server.logged),
    files: (await contentsOf(server.directory.root)).join('\n'),
  };
  expect(places['files']).toContain('secret-0');
  for (const word of words)
    for (const shape of [word, btoa(word).slice(0, -4), Buffer.from(word).toString('hex')])
      for (const [place, text] of Object.entries(places))
        expect({ place, shape, found: text.includes(shape) }).toEqual({ place, shape, found: false });
});

async function contentsOf(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')));
}
