import { describe, expect, it } from 'bun:test';
import { ApiCaller, type Json, LOCATION } from '../testing/api.ts';
import { besideUpstream } from '../testing/beside-upstream.ts';
import { basic } from '../testing/harness.ts';
import { Gate, loginPage, slow, status } from '../testing/upstream-faults.ts';
import { ImageShelf } from '../testing/upstream-oci.ts';

const { server, upstream } = await besideUpstream();
const admin = new ApiCaller(server);

const creating = (id: string) => `${LOCATION}/repositories?repositoryId=${id}`;
const named = (id: string) => `${LOCATION}/repositories/${id}`;
const remote = (uri: string, more: Json = {}) => ({
  format: 'DOCKER',
  mode: 'REMOTE_REPOSITORY',
  remoteRepositoryConfig: { commonRepository: { uri }, ...more },
});
/** What a creation that succeeds warns of. */
async function warning(id: string, body: Json): Promise<string | null> {
  const answer = await admin.send('POST', creating(id), body);
  expect({ status: answer.status, text: await answer.text() }).toEqual({
    status: 200,
    text: expect.anything(),
  });
  return answer.headers.get('warning');
}

describe('a new upstream', () => {
  it('is asked what it is, with its credentials', async () => {
    const shelf = new ImageShelf(upstream);
    shelf.push('app', 'v1');
    const usernamePasswordCredentials = { username: 'ci', password: 'pass' };
    const body = remote(upstream.url, { upstreamCredentials: { usernamePasswordCredentials } });
    expect(await warning('asked', body)).toBeNull();
    expect(upstream.asked().length).toBeGreaterThan(0);
  });

  it('is not asked when that is not wanted', async () => {
    upstream.misbehave(/./, loginPage);
    expect(await warning('unasked', remote(upstream.url, { disableUpstreamValidation: true }))).toBeNull();
    expect(upstream.asked()).toEqual([]);
    expect((await admin.get(named('unasked'))).remoteRepositoryConfig).not.toHaveProperty(
      'disableUpstreamValidation',
    );
  });

  it('is refused when it is something else, and how to insist is said', async () => {
    upstream.misbehave(/./, loginPage);
    expect(await admin.refused('POST', creating('wrong'), remote(upstream.url))).toMatchObject({
      status: 400,
      reason: 'CONFIG_INVALID',
      message: expect.stringMatching(
        /127\.0\.0\.1:\d+ answers with status 200 and text\/html.*, which is not what a DOCKER repository answers; check the URI, or set disableUpstreamValidation/,
      ),
    });
    expect(await admin.refused('GET', named('wrong'))).toMatchObject({ status: 404 });
  });

  it('may refuse to say', async () => {
    upstream.misbehave(/./, status(403));
    expect(await warning('refusing', remote(upstream.url))).toContain('no more can be copied than it shows');
    const login = { upstreamCredentials: { usernamePasswordCredentials: { username: 'ci', password: 'p' } } };
    expect(await warning('refused', remote(upstream.url, login))).toContain('refuses the credentials;');
  });

  it('may be too slow', async () => {
    const gate = new Gate();
    upstream.misbehave(/./, slow(gate));
    expect(await warning('slow', remote(upstream.url))).toContain('could not be asked');
    gate.open();
  }, 10_000);

  it('is told of in the same words wherever it is not', async () => {
    const words = new Set<string>();
    for (const [at, host] of [
      '127.0.0.1:9',
      '10.0.0.1',
      '169.254.169.254',
      '[::1]:9',
      'nowhere.invalid',
      'localhost:9',
    ].entries())
      words.add(((await warning(`away-${at}`, remote(`http://${host}`))) ?? '').replaceAll(host, 'HOST'));
    expect([...words]).toEqual([
      '299 - "HOST could not be asked whether it is a repository of this format; it is asked again when something is ' +
        'wanted of it. A server that is not on the public internet must be named by the operator in ' +
        '--allow-upstream-hosts"',
    ]);
  }, 30_000);
});

const patch = (mask: string, remoteRepositoryConfig: Json) =>
  admin.send('PATCH', `${named('tried')}?updateMask=remoteRepositoryConfig.${mask}`, {
    remoteRepositoryConfig,
  });

describe('changed credentials', () => {
  it('are tried, and other changes are not', async () => {
    await warning('tried', remote(upstream.url, { disableUpstreamValidation: true }));
    await patch('cacheConfig', { cacheConfig: { indexMaxAge: '5s' } });
    expect(upstream.asked()).toEqual([]);
    upstream.misbehave(/./, status(401, { 'www-authenticate': 'Basic realm="x"' }));
    const answer = await patch('upstreamCredentials', {
      upstreamCredentials: { usernamePasswordCredentials: { username: 'ci', password: 'pass' } },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('warning')).toContain('refuses the credentials');
    expect(upstream.asked().at(-1)?.headers['authorization']).toBe(basic('ci', 'pass'));
  });
});
