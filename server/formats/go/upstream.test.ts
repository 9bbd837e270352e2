import { describe, expect, test } from 'bun:test';
import { ApiCaller, type Json, LOCATION } from '../../testing/api.ts';
import { besideUpstream } from '../../testing/beside-upstream.ts';
import { fileOf, GoClient, moduleZip } from '../../testing/go.ts';
import { Members } from '../../testing/members.ts';

const { server, upstream } = await besideUpstream();
const client = new GoClient(
  server,
  await new Members(server, 'GO').remote('copies', `${upstream.url}/proxy`),
);

test('the latest version is the latest of the copies where the upstream tells of none, also when it is away', async () => {
  const version = { module: 'example.com/copied', version: 'v0.0.0-20200101000000-0123456789ab' };
  const latest = '/proxy/example.com/copied/@latest';
  upstream.put(`/proxy/${fileOf(version, 'zip')}`, { body: moduleZip(version) });
  upstream.put(latest, { status: 404, body: 'not found' });
  await client.text(fileOf(version, 'zip'));
  expect(await client.json('example.com/copied/@latest')).toMatchObject({ Version: version.version });

  server.clock.advance(90_000);
  upstream.put(latest, { status: 503, body: 'away' });

  expect(await client.json('example.com/copied/@latest')).toMatchObject({ Version: version.version });
});

test('a latest version that is nowhere is not found only where the upstream says so', async () => {
  const latest = '/proxy/example.com/nowhere/@latest';
  upstream.put(latest, { status: 404, body: 'not found' });
  expect((await client.send('GET', 'example.com/nowhere/@latest')).status).toBe(404);

  server.clock.advance(90_000);
  upstream.put(latest, { status: 503, body: 'away' });

  expect((await client.send('GET', 'example.com/nowhere/@latest')).status).toBe(502);
});

const prefetched = (artifact: string): Promise<Json> =>
  new ApiCaller(server).prefetched(`${LOCATION}/repositories/${client.path.split('/').at(-1)}`, [artifact]);

describe('a prefetch', () => {
  const version = { module: 'example.com/Acme/wanted', version: 'v1.2.0' };
  const at = (kind: 'info' | 'mod' | 'zip') => `/proxy/${decodeURIComponent(fileOf(version, kind))}`;
  test('copies all files of a version, or the one that go.sum names', async () => {
    upstream.put(at('zip'), { body: moduleZip(version) });
    upstream.put(at('mod'), { body: `module ${version.module}\n` });
    upstream.put(at('info'), { body: JSON.stringify({ Version: version.version }) });

    expect(await prefetched('example.com/Acme/wanted@v1.2.0/go.mod')).toMatchObject({ fetchedCount: 1 });
    expect(upstream.asked(/wanted/).length).toBe(1);
    expect(await prefetched('example.com/Acme/wanted@v1.2.0')).toMatchObject({ fetchedCount: 1 });
    expect(await prefetched('example.com/Acme/wanted@v1.2.0')).toMatchObject({ presentCount: 1 });
    expect(upstream.asked(/wanted/).length).toBe(3);
  });

  test.each([
    'example.com/lib',
    'example.com/lib@main',
    'example.com/lib@v2.0.0',
    'lib@v1.0.0',
    'example.com/lib@v1.0.0/x',
  ])('%s is refused', async (artifact) => {
    expect(await prefetched(artifact)).toMatchObject({ failedCount: 1 });
  });
});
