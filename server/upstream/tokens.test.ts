import { afterEach, beforeEach, describe, expect, it } from 'bun:test';
import type { UpstreamCredentials } from '../core/upstream.ts';
import { failureOf } from '../testing/failure-of.ts';
import { type Answers, FakeUpstream } from '../testing/fake-upstream.ts';
import { redirected, status } from '../testing/upstream-faults.ts';
import { asking, textOf, UpstreamLab } from '../testing/upstream-lab.ts';
import type { UpstreamSettings } from './upstreams.ts';

const JO = { kind: 'basic', username: 'jo', password: 'pa:ss' } as const;
const SHOWN = `Basic ${btoa('jo:pa:ss')}`;

let lab: UpstreamLab;
let tokens: FakeUpstream;
/** The tokens that the registry takes. */
let good: Set<string>;
let given: number;

/** Asks for a token of the repository that a path is of. */
const guarded: Answers = ({ headers, path }) => {
  if (good.has(headers['authorization'] ?? '')) return { body: `hello from ${path}` };
  const scope = `repository:${path.split('/').slice(2, 4).join('/')}:pull`;
  const challenge = `Bearer realm="${tokens.url}/token?a=b",service="registry, the",scope="${scope}"`;
  return { status: 401, headers: { 'www-authenticate': `Basic realm="x", ${challenge}` }, body: 'no' };
};
/** Gives tokens of a minute and a half. */
const giving: Answers = () => {
  given += 1;
  good.add(`Bearer t${given}`);
  return { body: JSON.stringify({ token: `t${given}`, expires_in: 90 }) };
};

beforeEach(async () => {
  lab = await UpstreamLab.start();
  tokens = await FakeUpstream.start();
  good = new Set();
  given = 0;
  for (const path of ['a/b/manifests/latest', 'a/b/blobs/sha256:1', 'a/c/manifests/latest'])
    lab.server.put(`/v2/${path}`, guarded);
  tokens.put('/token', giving);
});
afterEach(async () => {
  await lab[Symbol.asyncDispose]();
  await tokens[Symbol.asyncDispose]();
});

const registry = (settings: Partial<UpstreamSettings> = {}) =>
  lab.open({ uri: `${lab.server.url}/v2`, ...settings });
const get = (path: string, settings: Partial<UpstreamSettings> = {}) =>
  textOf(registry(settings).fetch(asking(path)));
const LATEST = 'a/b/manifests/latest';

describe('a registry that wants a token of another server', () => {
  it('gets one that anybody may have', async () => {
    expect(await get(LATEST)).toBe(`hello from /v2/${LATEST}`);

    const query = new URL(tokens.asked()[0]?.target ?? '', tokens.url).searchParams;
    expect([...query]).toEqual([
      ['a', 'b'],
      ['service', 'registry, the'],
      ['scope', 'repository:a/b:pull'],
    ]);
    expect(tokens.asked()[0]?.headers['authorization']).toBeUndefined();
    expect(lab.server.asked().map(({ headers }) => headers['authorization'])).toEqual([
      undefined,
      'Bearer t1',
    ]);
  });

  it('gets the same for all of a repository, until shortly before it expires', async () => {
    await get(LATEST);
    lab.now += 67_000;
    await get('a/b/blobs/sha256:1');
    const before = given;
    lab.now += 1000;
    await get(LATEST);

    expect([before, given]).toEqual([1, 2]);
    expect(lab.server.asked()).toHaveLength(5);
  });

  it('gets another for another repository', async () => {
    await get(LATEST);
    await get('a/c/manifests/latest');

    expect(tokens.asked().map(({ target }) => target.split('scope=')[1])).toEqual([
      'repository%3Aa%2Fb%3Apull',
      'repository%3Aa%2Fc%3Apull',
    ]);
  });

  it('gets another when it no longer takes the one it had, and one only for all who wait', async () => {
    await get(LATEST);
    good.clear();

    const texts = await Promise.all([get(LATEST), get(LATEST), get('a/b/blobs/sha256:1')]);

    expect(texts).toHaveLength(3);
    expect(given).toBe(2);
  });

  it('is refused for good when it takes no token', async () => {
    tokens.put('/token', { body: JSON.stringify({ access_token: 'useless' }) });

    expect(await failureOf(get(LATEST))).toMatchObject({ code: 'UNAVAILABLE', reason: 'UPSTREAM_REFUSED' });
    expect(lab.server.asked()).toHaveLength(2);
  });

  it('brings no credentials to it that were not meant for it', async () => {
    const failure = await failureOf(get(LATEST, { credentials: JO }));

    expect(failure).toMatchObject({
      reason: 'UPSTREAM_FORBIDDEN',
      message:
        `${lab.server.host} wants its tokens to be fetched from ${tokens.host}, which the credentials are not sent to: ` +
        `add ${tokens.url} to the token origins of the repository`,
    });
    expect(tokens.asked()).toEqual([]);
  });

  it('brings them where the operator says', async () => {
    const settings = { credentials: JO, tokenOrigins: [`${tokens.url}/`] };

    expect(await get(LATEST, settings)).toStartWith('hello');

    expect(tokens.asked()[0]?.headers['authorization']).toBe(SHOWN);
    expect(lab.server.asked().map(({ headers }) => headers['authorization'])).toEqual([SHOWN, 'Bearer t1']);
  });

  it('does not share the tokens of one with another', async () => {
    await get(LATEST, { credentials: JO, tokenOrigins: [tokens.url] });
    await get(LATEST);

    expect(lab.server.asked().map(({ headers }) => headers['authorization'])).toEqual([
      SHOWN,
      'Bearer t1',
      undefined,
      'Bearer t2',
    ]);
  });

  it('has its own token host, which gets the credentials', async () => {
    lab.server.put('/token', giving);
    lab.server.put(`/v2/${LATEST}`, (asked) => {
      const answer = guarded(asked);
      const challenge = `Bearer realm="${lab.server.url}/token"`;
      return answer?.status === 401 ? { ...answer, headers: { 'www-authenticate': challenge } } : answer;
    });

    await get(LATEST, { credentials: JO });

    expect(lab.server.asked('/token')[0]?.headers['authorization']).toBe(SHOWN);
  });

  it('loses the credentials when the token host sends elsewhere', async () => {
    await using other = await FakeUpstream.start();
    other.put('/token', giving);
    tokens.misbehave('/token', redirected(`${other.url}/token`));

    await get(LATEST, { credentials: JO, tokenOrigins: [tokens.url] });

    expect(other.asked().map(({ headers }) => headers['authorization'])).toEqual([undefined]);
  });

  it.each([
    ['no JSON', 'hello', 'what it gives is no token'],
    ['null', 'null', 'what it gives is no token'],
    ['no token', '{"expires_in":60}', 'what it gives is no token'],
    ['a token that is a number', '{"token":7}', 'what it gives is no token'],
    ['a token with a line break', '{"token":"a\\r\\nx: y"}', 'what it gives is no token'],
    ['an endless answer', `"${'x'.repeat(300_000)}"`, 'its answer is longer than 262144 bytes'],
  ])('gets nothing from a host that gives %s', async (_, body, why) => {
    tokens.put('/token', { body });

    expect(await failureOf(get(LATEST))).toMatchObject({
      code: 'UNAVAILABLE',
      reason: 'UPSTREAM_BROKEN',
      message: `${tokens.host} does not answer well: ${why}`,
    });
  });

  it.each([401, 403, 400])('gets nothing from a host that refuses with %d', async (code) => {
    tokens.misbehave('/token', status(code));

    expect(await failureOf(get(LATEST))).toMatchObject({
      reason: 'UPSTREAM_REFUSED',
      message: `${tokens.host} gives no token for ${lab.server.host} (${code}): check the credentials that are set for it`,
    });
  });

  it.each([
    ['-1', 45_000],
    ['"soon"', 45_000],
    ['1e12', 3_570_000],
    ['4', 3000],
  ])('does not believe that a token lives %s s', async (seconds, life) => {
    tokens.put('/token', () => {
      giving({} as never);
      return { body: `{"token":"t${given}","expires_in":${seconds}}` };
    });
    await get(LATEST);
    lab.now += life - 1;
    await get(LATEST);
    const before = given;
    lab.now += 1;
    await get(LATEST);

    expect([before, given]).toEqual([1, 2]);
  });

  it.each([
    ['whose address is none', 'nonsense', 'UPSTREAM_FORBIDDEN'],
    ['that is no web server', 'ldap://127.0.0.1', 'UPSTREAM_FORBIDDEN'],
    ['that is not public', 'http://10.0.0.1/token', 'UPSTREAM_FORBIDDEN'],
    ['that is a metadata service', 'http://169.254.169.254/token', 'UPSTREAM_FORBIDDEN'],
  ])('is not believed about a host %s', async (_, realm, reason) => {
    lab.server.misbehave(/^/, status(401, { 'www-authenticate': `Bearer realm="${realm}"` }));

    expect(await failureOf(get(LATEST))).toMatchObject({ reason });
  });
});

const credentials = (): UpstreamCredentials => ({
  kind: 'token-exchange',
  tokenUri: `${tokens.url}/token`,
  clientId: 'the client',
  clientSecret: 'a:b',
  scope: 'packages',
});

describe('client credentials', () => {
  beforeEach(() => {
    lab.server.put('/v2/left', ({ headers }) =>
      good.has(headers['authorization'] ?? '') ? { body: 'hello' } : { status: 401, body: 'no' },
    );
  });

  it('are exchanged for a token, once for many requests', async () => {
    for (let times = 0; times < 3; times += 1) await get('left', { credentials: credentials() });

    const [asked] = tokens.asked();
    expect(asked).toMatchObject({
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa('the+client:a%3Ab')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
    });
    expect(new TextDecoder().decode(asked?.body)).toBe('grant_type=client_credentials&scope=packages');
    expect([given, lab.server.asked().length]).toEqual([1, 3]);
  });

  it('are exchanged again before the token expires, and when it was taken back', async () => {
    await get('left', { credentials: credentials() });
    lab.now += 67_500;
    await get('left', { credentials: credentials() });
    const expired = given;
    good.clear();
    await get('left', { credentials: credentials() });

    expect([expired, given]).toEqual([2, 3]);
  });

  it('are not sent to what is no address', async () => {
    const wrong = { ...credentials(), tokenUri: 'nonsense' } as UpstreamCredentials;

    expect(await failureOf(get('left', { credentials: wrong }))).toMatchObject({
      reason: 'UPSTREAM_FORBIDDEN',
    });
  });

  it('are not sent to another upstream', async () => {
    await textOf(registry({ credentials: credentials() }).fetch(asking(`${tokens.url}/token`)));

    expect(tokens.asked().map(({ headers }) => headers['authorization'])).toEqual([undefined]);
  });
});
