import { beforeEach, describe, expect, test } from 'bun:test';
import type { Json } from './testing/api.ts';
import { besideUpstream } from './testing/beside-upstream.ts';
import { Members } from './testing/members.ts';
import { corrupt, loginPage, status } from './testing/upstream-faults.ts';
import { NpmShelf } from './testing/upstream-npm.ts';

const DAY = 24 * 3_600_000;

const { server, upstream } = await besideUpstream();
const members = new Members(server, 'NPM');
const shelf = new NpmShelf(upstream);
beforeEach(() => {
  server.clock.advance(1_800_000);
});

/** A new remote repository; answers its path. */
const remote = async (more: Json = {}, uri = upstream.url): Promise<string> =>
  `/us-central1-npm/my-project/${await members.remote('remote', uri, more)}`;
const repositoryOf = (at: string): string => at.slice(at.lastIndexOf('/') + 1);
const versionsOf = async (at: string, name: string): Promise<readonly string[]> => {
  const answer = await server.send('GET', `${at}/${name}`);
  expect({ status: answer.status, text: await answer.clone().text() }).toMatchObject({ status: 200 });
  return Object.keys(((await answer.json()) as Json).versions);
};
/** Status of an answer, and what it says of the copy it is made of. */
const told = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
  const { status: code, headers: said } = await server.send('GET', path, { headers });
  return [code, said.get('cache-status'), said.get('age')];
};
const install = (at: string, name: string, version: string) =>
  server.send('GET', `${at}/${name}/-/${name}-${version}.tgz`);

describe('where an answer comes from', () => {
  const NONE = 'entrepot; fwd=miss; stored; ttl=60';

  test('is told of what the upstream does not have, and since when that is known', async () => {
    await shelf.publish({ name: 'there', version: '1.0.0' });
    const at = await remote();
    for (const path of ['nothing', 'nothing-else/1.0.0'])
      expect([path, ...(await told(`${at}/${path}`))]).toEqual([path, 404, NONE, '0']);
    expect(await versionsOf(at, 'there')).toEqual(['1.0.0']);
    server.clock.advance(20_000);
    upstream.forget();
    expect(await told(`${at}/there/-/there-9.0.0.tgz`)).toEqual([404, 'entrepot; hit; ttl=280', '20']);
    expect(await told(`${at}/nothing`)).toEqual([404, 'entrepot; hit; ttl=40', '20']);
    expect(await told(`${at}/nothing-else/1.0.0`)).toEqual([404, 'entrepot; hit; ttl=40', '20']);
    expect(upstream.asked()).toEqual([]);
  });

  test('is told of what the upstream could not say', async () => {
    await shelf.publish({ name: 'hidden', version: '1.0.0' });
    const at = await remote();
    expect(await versionsOf(at, 'hidden')).toEqual(['1.0.0']);
    upstream.misbehave(/./, status(500));
    const broken = [502, 'entrepot; fwd=miss; detail=upstream-broken', null];
    expect(await told(`${at}/unheard`)).toEqual(broken);
    expect(await told(`${at}/hidden/-/hidden-1.0.0.tgz`)).toEqual(broken);
    upstream.behave();
  });

  test('is told of a range that the copy does not have', async () => {
    await shelf.publish({ name: 'ranged', version: '1.0.0' });
    const at = await remote();
    await (await install(at, 'ranged', '1.0.0')).bytes();
    const beyond = { range: 'bytes=9999999-' };
    expect(await told(`${at}/ranged/-/ranged-1.0.0.tgz`, beyond)).toEqual([416, 'entrepot; hit', '0']);
  });

  test('is told by a connector', async () => {
    await shelf.publish({ name: 'told', version: '1.0.0' });
    const at = await remote({ noCache: {} });
    for (const path of ['told', 'told/1.0.0', 'told/-/told-1.0.0.tgz'])
      expect([path, ...(await told(`${at}/${path}`))]).toEqual([
        path,
        200,
        'entrepot; fwd=miss; fwd-status=200',
        '0',
      ]);
  });
});

describe('a package of a remote repository', () => {
  test('is installed cold, warm, and without the upstream', async () => {
    await shelf.publish({ name: 'left', version: '1.0.0' });
    const at = await remote();
    expect(await versionsOf(at, 'left')).toEqual(['1.0.0']);
    const cold = await (await install(at, 'left', '1.0.0')).bytes();
    upstream.misbehave(/./, status(503));
    server.clock.advance(DAY);
    expect(await versionsOf(at, 'left')).toEqual(['1.0.0']);
    const warm = await install(at, 'left', '1.0.0');
    expect(warm.headers.get('cache-status')).toBe('entrepot; hit');
    expect(await warm.bytes()).toEqual(cold);
  });

  test('is shown without versions that are too young, and these are refused with a reason', async () => {
    const ago = (days: number) => new Date(server.clock.now() - days * DAY).toISOString();
    await shelf.publish({ name: 'aged', version: '1.0.0', published: ago(30) });
    await shelf.publish({ name: 'aged', version: '1.1.0', published: ago(1) });
    const at = await remote({ safetyRules: { minimumReleaseAge: '604800s' } });
    expect(await versionsOf(at, 'aged')).toEqual(['1.0.0']);
    const refused = await install(at, 'aged', '1.1.0');
    expect([refused.status, await refused.text()]).toEqual([
      403,
      expect.stringContaining('must have been out'),
    ]);
    server.clock.advance(7 * DAY);
    expect(await versionsOf(at, 'aged')).toEqual(['1.0.0', '1.1.0']);
    expect((await install(at, 'aged', '1.1.0')).status).toBe(200);
  });

  test.each([{}, { noCache: {} }])('leads to nothing else of the upstream: %j', async (more) => {
    await shelf.publish({ name: 'denied', version: '1.0.0' });
    upstream.put('/-/npm/v1/tokens', { body: '{"attestations":[]}' });
    const at = await remote({ ...more, safetyRules: { deny: ['denied'] } });
    const asked = [
      '1.0.0/../../tokens',
      '1.0.0/../../tokens?a=b',
      '1.0.0/../../../../../denied/-/denied-1.0.0.tgz',
      '1.0.0?a=b',
      '1.0.0#a',
    ].map(encodeURIComponent);
    upstream.forget();
    for (const version of asked)
      expect((await server.send('GET', `${at}/-/npm/v1/attestations/left@${version}`)).status).toBe(404);
    expect(upstream.asked()).toEqual([]);
  });

  test('is kept out by a rule, in lists and by itself', async () => {
    await shelf.publish({ name: 'denied', version: '1.0.0' });
    const at = await remote({ safetyRules: { deny: ['denied@1.0.0'] } });
    expect(await versionsOf(at, 'denied')).toEqual([]);
    const refused = await install(at, 'denied', '1.0.0');
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('deny rule')]);
  });

  test('is not believed to be what it is not', async () => {
    await shelf.publish({ name: 'wrong', version: '1.0.0' });
    const at = await remote();
    upstream.misbehave(/tgz$/, corrupt(0));
    const answer = await install(at, 'wrong', '1.0.0');
    expect(answer.ok ? await answer.text().catch(() => 'broken off') : 'refused').toMatch(
      /broken off|refused/,
    );
    upstream.misbehave(/./, loginPage);
    expect((await server.send('GET', `${at}/other`)).status).toBe(502);
    upstream.behave();
    server.clock.advance(1_800_000);
    expect((await install(at, 'wrong', '1.0.0')).status).toBe(200);
  });

  test('is fetched beforehand by what a lock file calls it', async () => {
    await shelf.publish({ name: '@a/locked', version: '1.0.0' });
    const at = await remote();
    const caches = server.app.caches;
    expect(await caches.warm(Members.address(repositoryOf(at)), '@a/locked@1.0.0')).toMatchObject({
      files: 1,
      fetched: 1,
    });
    expect(await caches.warm(Members.address(repositoryOf(at)), '@a/locked@1.0.0')).toMatchObject({
      files: 1,
      fetched: 0,
    });
  });

  test('comes from another repository of this server, by way of one that copies', async () => {
    await shelf.publish({ name: 'chained', version: '1.0.0' });
    const first = await remote();
    const second = await remote({}, Members.named(repositoryOf(first)));
    expect(await versionsOf(second, 'chained')).toEqual(['1.0.0']);
    expect((await install(second, 'chained', '1.0.0')).status).toBe(200);
    expect(upstream.asked(/tgz$/)).toHaveLength(1);
  });

  test('is passed on by a connector, which asks again each time', async () => {
    await shelf.publish({ name: 'passed', version: '1.0.0' });
    const at = await remote({ noCache: {} });
    for (let n = 0; n < 2; n += 1) {
      expect(await versionsOf(at, 'passed')).toEqual(['1.0.0']);
      expect((await (await install(at, 'passed', '1.0.0')).bytes()).length).toBeGreaterThan(0);
    }
    expect(upstream.asked(/tgz$/)).toHaveLength(2);
    expect(upstream.asked('/passed')).toHaveLength(4);
  });
});
