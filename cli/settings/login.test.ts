import { describe, expect, it } from 'bun:test';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Io } from '../io.ts';
import { Person } from '../testing/scripted-io.ts';

const granting: Io['fetch'] = async (request) => {
  const form = new URLSearchParams(await request.text());
  if (new URL(request.url).pathname !== '/token' || form.get('grant_type') !== 'password')
    return Response.json({ error: 'invalid_request' }, { status: 400 });
  if (form.get('password') !== 'secret') return Response.json({ error: 'invalid_grant' }, { status: 401 });
  return Response.json({
    access_token: `token-of-${form.get('username')}`,
    expires_in: 3600,
    token_type: 'Bearer',
  });
};

describe('a login', () => {
  it('keeps a token for its server in a file of its owner, and the password nowhere', async () => {
    await using person = await Person.arrive({ fetch: granting });

    const ran = await person.run('auth login --username=ann --password-stdin', { input: 'secret\n' });

    expect(ran).toMatchObject({ exit: 0, stdout: '' });
    const file = join(person.home, '.config/entrepot/logins.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).not.toContain('secret');
    expect(await person.run('auth print-access-token')).toMatchObject({ exit: 0, stdout: 'token-of-ann\n' });
    expect((await person.run('auth print-access-token --server=http://elsewhere')).exit).toBe(4);
  });

  it('asks on a terminal', async () => {
    await using person = await Person.arrive({ fetch: granting, terminal: true });

    const ran = await person.run('auth login', { input: 'ann\nsecret\n' });

    expect(ran.exit).toBe(0);
    expect(ran.stderr).toContain('User name: Password of ann: \n');
  });

  it.each([
    ['auth login', '', 'no terminal to ask on; give --username and --password-stdin', 2],
    ['auth login --password-stdin', 'secret', '--password-stdin needs --username', 2],
    ['auth login --username=ann --password-stdin', '', 'the password is empty', 2],
    ['auth login --username=ann --password-stdin', 'wrong', 'does not accept this user name and password', 4],
  ])('%s with %p is refused', async (line, input, words, exit) => {
    await using person = await Person.arrive({ fetch: granting });

    const ran = await person.run(line, { input });

    expect(ran.exit).toBe(exit);
    expect(ran.stderr).toContain(words);
  });

  it('warns before a password travels in the clear', async () => {
    await using person = await Person.arrive({ fetch: granting });

    const ran = await person.run('auth login --username=a --password-stdin --server=http://example.com', {
      input: 'secret',
    });

    expect(ran.stderr).toContain('WARNING: http://example.com is not encrypted');
  });

  it('to another server than the usual one says how to stay there', async () => {
    await using person = await Person.arrive({ fetch: granting });

    const line = 'auth login --username=ann --password-stdin --server=https://example.com';

    expect((await person.run(line, { input: 'secret' })).stderr).toContain(
      'Commands go to http://localhost:8080. To change that: entrepot config set server https://example.com',
    );
  });

  it('is used until it expires, and then the person is told', async () => {
    await using person = await Person.arrive();
    await person.run('auth login --username=ann --password-stdin', {
      input: 'secret',
      fetch: granting,
      now: () => 0,
    });
    const sent: (string | null)[] = [];
    const fetch: Io['fetch'] = async (request) => {
      sent.push(request.headers.get('authorization'));
      return Response.json({});
    };

    await person.run('projects list', { fetch, now: () => 3_599_000 });
    const late = await person.run('projects list', { fetch, now: () => 3_600_000 });

    expect(sent).toEqual(['Bearer token-of-ann']);
    expect(late.exit).toBe(4);
    expect(late.stderr).toContain(
      'the login of ann at http://localhost:8080 has expired; run "entrepot auth login"',
    );
  });

  it('gives way to the environment, and that to a token file', async () => {
    await using person = await Person.arrive({ env: { ENTREPOT_ACCESS_TOKEN: 'from-env' } });
    const file = join(person.home, 'token');
    await Bun.write(file, 'from-file\n');

    expect((await person.run('auth print-access-token')).stdout).toBe('from-env\n');
    expect((await person.run(`auth print-access-token --access-token-file=${file}`)).stdout).toBe(
      'from-file\n',
    );
  });

  it('is listed and forgotten', async () => {
    await using person = await Person.arrive({ fetch: granting });
    await person.run('auth login --username=ann --password-stdin', { input: 'secret' });

    expect((await person.run('auth list --format=value(server,account,status)')).stdout).toBe(
      'http://localhost:8080\tann\tACTIVE\n',
    );
    expect((await person.run('auth logout')).exit).toBe(0);
    expect((await person.run('auth revoke')).exit).toBe(3);
    expect((await person.run('auth list --format=json')).stdout).toBe('[]\n');
  });
});
