import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ADMIN_PASSWORD, basic, HOST, TestServer } from '../../testing/harness.ts';
import { freshImage, ImageClient, refusal } from '../../testing/oci.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const REALM = `Bearer realm="http://${HOST}/v2/token",service="${HOST}"`;

describe('the ping', () => {
  test.each(['/v2/', '/v2'])(
    'at %s says that the API is here, to a caller with credentials',
    async (path) => {
      const answer = await server.send('GET', path);

      expect([answer.status, await answer.json()]).toEqual([200, {}]);
      expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
      expect(answer.headers.get('content-type')).toStartWith('application/json');
    },
  );

  test('challenges everybody else, without a scope', async () => {
    const answer = await server.send('GET', '/v2/', { as: null });

    expect(answer.headers.get('www-authenticate')).toBe(REALM);
    await refusal(answer, 401, 'UNAUTHORIZED');
  });

  test('answers HEAD alike', async () => {
    expect((await server.send('HEAD', '/v2/')).status).toBe(200);
    expect((await server.send('HEAD', '/v2/', { as: null })).status).toBe(401);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('takes no %s', async (method) => {
    const answer = await server.send(method, '/v2/');

    expect(answer.headers.get('allow')).toBe('GET, HEAD');
    await refusal(answer, 405, 'UNSUPPORTED');
  });
});

describe('a challenge', () => {
  const name = 'us-central1-docker/my-project/images/a/b';
  test.each([
    ['GET', 'manifests/latest', 'pull'],
    ['HEAD', 'manifests/latest', 'pull'],
    ['GET', 'blobs/sha256:00', 'pull'],
    ['GET', 'tags/list', 'pull'],
    ['GET', 'referrers/sha256:00', 'pull'],
    ['PUT', 'manifests/latest', 'pull,push'],
    ['POST', 'blobs/uploads/', 'pull,push'],
    ['PATCH', 'blobs/uploads/x', 'pull,push'],
    ['DELETE', 'manifests/latest', 'pull,push'],
  ])('to %s %s asks for the right to %s', async (method, path, actions) => {
    const answer = await server.send(method, `/v2/${name}/${path}`, { as: null });

    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(`${REALM},scope="repository:${name}:${actions}"`);
  });

  test('for an image called like an address asks for all of its name', async () => {
    for (const odd of ['manifests', 'blobs/uploads', 'tags/list', 'referrers/x']) {
      const answer = await server.send('GET', `/v2/${name}/${odd}/manifests/v1`, { as: null });
      expect(answer.headers.get('www-authenticate')).toBe(`${REALM},scope="repository:${name}/${odd}:pull"`);
    }
  });

  test('has nothing that a path could add to it', async () => {
    const answer = await server.send('GET', `/v2/${name}%22,x=%22/manifests/v1`, { as: null });

    const challenge = answer.headers.get('www-authenticate') ?? '';
    expect(answer.status).toBe(401);
    expect(challenge.match(/"/g)).toHaveLength(6);
  });

  test.each(['%E2%82%AC', '%22', 'a%20b', '%25'])(
    'to an image that cannot be, such as %s, is one all the same',
    async (odd) => {
      const answer = await server.send('GET', `/v2/${name}/${odd}/manifests/v1`, { as: null });

      expect(answer.headers.get('www-authenticate')).toStartWith(`${REALM},scope="repository:${name}/`);
      await refusal(answer, 401, 'UNAUTHORIZED');
    },
  );
});

interface TokenAnswer {
  readonly token: string;
  readonly access_token: string;
  readonly expires_in: number;
  readonly issued_at: string;
}

const use = async ({ token }: TokenAnswer) =>
  (await server.send('GET', '/v2/', { as: `Bearer ${token}` })).status;
const form = (fields: Record<string, string>) =>
  server.send('POST', '/v2/token', { as: null, body: new URLSearchParams(fields) });

describe('the token endpoint', () => {
  test('gives who shows a password a token that works', async () => {
    const answer = await server.send('GET', '/v2/token?service=x&account=admin&scope=repository:a/b:pull');

    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const token = (await answer.json()) as TokenAnswer;
    expect(token.access_token).toBe(token.token);
    expect(token.expires_in).toBeGreaterThanOrEqual(300);
    expect(token.issued_at).toBe(new Date(server.clock.now()).toISOString());
    expect(await use(token)).toBe(200);
  });

  test('takes a password in a form', async () => {
    const answer = await form({
      grant_type: 'password',
      username: 'admin',
      password: ADMIN_PASSWORD,
      service: 'x',
    });

    expect(await use((await answer.json()) as TokenAnswer)).toBe(200);
  });

  test('takes an access token as a refresh token, whose end is its end', async () => {
    const refresh_token = await server.accessToken('admin', ADMIN_PASSWORD);
    server.clock.advance(3_600_000);

    const token = (await (await form({ grant_type: 'refresh_token', refresh_token })).json()) as TokenAnswer;

    expect(token.expires_in).toBe(11 * 3600);
    expect(await use(token)).toBe(200);
  });

  test('gives a token to anybody, which opens nothing', async () => {
    const answer = await server.send('GET', '/v2/token', { as: null });

    const token = (await answer.json()) as TokenAnswer;
    expect([answer.status, await use(token)]).toEqual([200, 401]);
  });

  test('gives fewer rights than were asked for rather than none', async () => {
    const stranger = await server.account('asks-for-much');

    const answer = await server.send('GET', '/v2/token?scope=repository:a/b:pull,push,delete', {
      as: stranger,
    });

    const { token } = (await answer.json()) as TokenAnswer;
    const image = freshImage(server);
    await refusal(await image.send('GET', 'manifests/v1', { as: `Bearer ${token}` }), 403, 'DENIED');
  });

  test('refuses a wrong password in every way of giving one', async () => {
    const answers = [
      await server.send('GET', '/v2/token', { as: basic('admin', 'wrong') }),
      await form({ grant_type: 'password', username: 'admin', password: 'wrong' }),
      await form({ grant_type: 'password' }),
      await form({ grant_type: 'refresh_token', refresh_token: 'wrong' }),
      await form({ grant_type: 'refresh_token' }),
    ];

    for (const answer of answers) {
      expect(answer.headers.get('www-authenticate')).toBe(REALM);
      await refusal(answer, 401, 'UNAUTHORIZED');
    }
  });

  test('refuses a grant it does not know, and a form too large to be one', async () => {
    await refusal(await form({ grant_type: 'magic' }), 400, 'UNSUPPORTED');
    await refusal(await form({ grant_type: 'password', username: 'x'.repeat(70_000) }), 413, 'SIZE_INVALID');
  });
});

const listed = async (query: string, as?: string) => {
  const answer = await server.send('GET', `/v2/_catalog${query}`, as === undefined ? {} : { as });
  const { repositories } = (await answer.json()) as { repositories: readonly string[] };
  return { repositories, link: answer.headers.get('link') };
};

describe('the catalog', () => {
  const PREFIX = 'us-central1-docker/my-project';
  let names: readonly string[];
  beforeAll(async () => {
    // In byte order the names of one repository may come between those of another: a, a-b, a/…
    for (const repository of ['cat', 'cat-food', 'dog']) await server.repository(repository);
    names = ['cat-food/fish', 'cat-food/meat/raw', 'cat/black', 'cat/white', 'dog/x'].map(
      (name) => `${PREFIX}/${name}`,
    );
    for (const name of names) await new ImageClient(server, name).image('v1', name);
    await new ImageClient(server, `${PREFIX}/dog/only-a-blob`).blob('x');
  });

  test('has every image of every repository, in byte order', async () => {
    const { repositories, link } = await listed('');

    expect(repositories.filter((name) => !name.includes('/images/'))).toEqual([...names]);
    expect(link).toBeNull();
  });

  test.each([1, 2, 3, 4, 5, 100])('comes complete in pages of %i', async (n) => {
    const found: string[] = [];
    for (let query: string | undefined = `?n=${n}`; query !== undefined;) {
      const { repositories, link } = await listed(query);
      expect(repositories.length).toBeLessThanOrEqual(n);
      found.push(...repositories);
      query = /^<\/v2\/_catalog(\?[^>]+)>; rel="next"$/.exec(link ?? '')?.[1];
      if (found.length > 50) throw new Error('the pages have no end');
    }

    expect(found.filter((name) => !name.includes('/images/'))).toEqual([...names]);
  });

  test('may be begun anywhere', async () => {
    expect((await listed(`?last=${PREFIX}/cat/black`)).repositories[0]).toBe(`${PREFIX}/cat/white`);
    expect((await listed(`?last=${PREFIX}/cat/zzz`)).repositories[0]).toBe(`${PREFIX}/dog/x`);
    expect((await listed(`?last=${PREFIX}/cat-food0`)).repositories[0]).toBe(`${PREFIX}/cat/black`);
    expect((await listed('?last=zzz')).repositories).toEqual([]);
    expect((await listed('?n=0')).repositories).toEqual([]);
  });

  test('shows a caller only what it may read', async () => {
    const catLover = await server.account('cat-lover', [
      'projects/my-project/locations/us-central1/repositories/cat',
    ]);
    const nobody = await server.account('sees-nothing');

    expect((await listed('', catLover)).repositories).toEqual([`${PREFIX}/cat/black`, `${PREFIX}/cat/white`]);
    expect((await listed('?n=1', catLover)).link).toContain('black');
    expect((await listed('', nobody)).repositories).toEqual([]);
  });

  test('is for callers with credentials', async () => {
    await refusal(await server.send('GET', '/v2/_catalog', { as: null }), 401, 'UNAUTHORIZED');
    await refusal(await server.send('GET', '/v2/_catalog?n=x'), 400, 'PAGINATION_NUMBER_INVALID');
  });
});

test('extensions may be asked for, and are none', async () => {
  const image = freshImage(server);

  const answer = await image.send('GET', '_oci/ext/discover');

  expect([answer.status, await answer.json()]).toEqual([200, { extensions: [] }]);
});
