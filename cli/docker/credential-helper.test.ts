import { describe, expect, it } from 'bun:test';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Io } from '../io.ts';
import { Person } from '../testing/scripted-io.ts';

const granting: Io['fetch'] = async (request) => {
  const form = new URLSearchParams(await request.text());
  if (form.get('password') !== 'secret') return Response.json({ error: 'invalid_grant' }, { status: 401 });
  return Response.json({ access_token: `token-of-${form.get('username')}`, expires_in: 3600 });
};
const NOT_FOUND = { exit: 1, stdout: 'credentials not found in native keychain\n' };

/** A person who is logged in to the default server. */
async function ann(): Promise<Person> {
  const person = await Person.arrive({ fetch: granting });
  await person.run('auth login --username=ann --password-stdin', { input: 'secret' });
  return person;
}
const ask = (person: Person, verb: string, input = '') =>
  person.run(verb === '' ? [] : [verb], { program: 'docker-credential-entrepot', input });

describe('docker-credential-entrepot', () => {
  it.each(['localhost:8080', 'localhost:8080\n', 'http://localhost:8080', 'https://localhost:8080/v2/'])(
    'gives the token of the login for %j',
    async (host) => {
      await using person = await ann();

      const { exit, stdout } = await ask(person, 'get', host);

      expect(exit).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        ServerURL: 'localhost:8080',
        Username: 'oauth2accesstoken',
        Secret: 'token-of-ann',
      });
    },
  );

  it('answers by its long name too', async () => {
    await using person = await ann();

    const ran = await person.run('docker-credential get', { input: 'localhost:8080' });

    expect(JSON.parse(ran.stdout)).toMatchObject({ Secret: 'token-of-ann' });
  });

  it.each(['localhost:9', 'evil.example.com', 'localhost:8080.evil.example.com', 'localhost'])(
    'gives no token to %s, which is not the server',
    async (host) => {
      await using person = await ann();

      expect(await ask(person, 'get', host)).toMatchObject(NOT_FOUND);
    },
  );

  it('gives no token where nobody is logged in', async () => {
    await using person = await Person.arrive();

    expect(await ask(person, 'get', 'localhost:8080')).toMatchObject(NOT_FOUND);
  });

  it('says that a login has expired', async () => {
    await using person = await ann();

    const late = await person.run(['get'], {
      program: 'docker-credential-entrepot',
      input: 'localhost:8080',
      now: () => Date.parse('2027-01-01T00:00:00Z'),
    });

    expect(late.exit).toBe(1);
    expect(late.stdout).toContain('has expired; run "entrepot auth login"');
  });

  it('serves the hosts that were configured for a server, and lists them', async () => {
    await using person = await ann();
    await person.run('auth configure-docker us-docker.example.com,eu-docker.example.com');

    expect(JSON.parse((await ask(person, 'get', 'eu-docker.example.com')).stdout)).toMatchObject({
      Secret: 'token-of-ann',
    });
    expect(JSON.parse((await ask(person, 'list')).stdout)).toEqual({
      'us-docker.example.com': 'oauth2accesstoken',
      'eu-docker.example.com': 'oauth2accesstoken',
    });
  });

  it('exchanges the password of "docker login" for a token and forgets it', async () => {
    await using person = await Person.arrive({ fetch: granting });
    const credentials = JSON.stringify({ ServerURL: 'localhost:8080', Username: 'bob', Secret: 'secret' });

    expect(await ask(person, 'store', credentials)).toMatchObject({ exit: 0, stdout: '' });

    expect(JSON.parse((await ask(person, 'get', 'localhost:8080')).stdout)).toMatchObject({
      Secret: 'token-of-bob',
    });
    const logins = await readFile(join(person.home, '.config/entrepot/logins.json'), 'utf8');
    expect(logins).not.toContain('secret');
  });

  it('keeps a token of "docker login" as it is', async () => {
    await using person = await Person.arrive();
    const credentials = { ServerURL: 'https://localhost:8080', Username: 'oauth2accesstoken', Secret: 'tok' };

    await ask(person, 'store', JSON.stringify(credentials));

    expect(JSON.parse((await ask(person, 'get', 'localhost:8080')).stdout)).toMatchObject({ Secret: 'tok' });
  });

  it('forgets on erase, and has nothing against erasing nothing', async () => {
    await using person = await ann();

    expect(await ask(person, 'erase', 'localhost:8080')).toMatchObject({ exit: 0, stdout: '' });
    expect(await ask(person, 'erase', 'localhost:8080')).toMatchObject({ exit: 0, stdout: '' });

    expect(await ask(person, 'get', 'localhost:8080')).toMatchObject(NOT_FOUND);
  });

  it.each([
    ['get', '', 'no credentials server URL\n'],
    ['store', '{}', 'no credentials server URL\n'],
    ['store', '{"ServerURL":"localhost:8080"}', 'no credentials username\n'],
    ['store', 'nonsense', 'the credentials to store are not JSON\n'],
    ['', '', 'Usage: docker-credential-entrepot <store|get|erase|list>\n'],
    ['sing', '', 'Usage: docker-credential-entrepot <store|get|erase|list>\n'],
  ])('%s %j fails with the words of the protocol on standard output', async (verb, input, words) => {
    await using person = await Person.arrive();

    expect(await ask(person, verb, input)).toEqual({ exit: 1, stdout: words, stderr: '' });
  });
});

const read = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

describe('configure-docker', () => {
  it('adds the helper for the host of the server and keeps everything else', async () => {
    await using person = await ann();
    const file = join(person.home, '.docker/config.json');
    await Bun.write(file, '{"auths":{"x":{}},"credHelpers":{"gcr.io":"gcloud"},"credsStore":"desktop"}');

    expect((await person.run('auth configure-docker')).exit).toBe(0);

    expect(await read(file)).toEqual({
      auths: { x: {} },
      credHelpers: { 'gcr.io': 'gcloud', 'localhost:8080': 'entrepot' },
      credsStore: 'desktop',
    });
  });

  it('makes the file, for its owner alone, where DOCKER_CONFIG says', async () => {
    await using person = await ann();
    const directory = join(person.home, 'docker');

    await person.run('auth configure-docker https://localhost:8080/', { env: { DOCKER_CONFIG: directory } });

    expect(await read(join(directory, 'config.json'))).toEqual({
      credHelpers: { 'localhost:8080': 'entrepot' },
    });
    expect((await stat(join(directory, 'config.json'))).mode & 0o777).toBe(0o600);
  });

  it('says how to put the helper into PATH when it is not there', async () => {
    await using person = await ann();

    const ran = await person.run('auth configure-docker', { env: { PATH: person.home } });

    expect(ran.stderr).toContain('docker-credential-entrepot is not in PATH');
    expect(ran.stderr).toContain('ln -s ');
  });

  it.each(['localhost:8080/path', 'user@host', 'HOST:1', 'a b'])('refuses the host %j', async (host) => {
    await using person = await ann();

    expect((await person.run(['auth', 'configure-docker', host])).exit).toBe(2);
  });

  it('leaves a damaged file alone', async () => {
    await using person = await ann();
    const file = join(person.home, '.docker/config.json');
    await Bun.write(file, '{broken');

    const ran = await person.run('auth configure-docker');

    expect(ran.stderr).toContain(`${file} is not JSON`);
    expect(await readFile(file, 'utf8')).toBe('{broken');
  });
});
