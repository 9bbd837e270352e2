import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FakeUpstream } from '../../testing/fake-upstream.ts';
import { fileOf, GoClient, moduleZip } from '../../testing/go.ts';
import { TestServer } from '../../testing/harness.ts';
import { Members } from '../../testing/members.ts';

let server: TestServer;
let upstream: FakeUpstream;
let client: GoClient;
beforeAll(async () => {
  server = await TestServer.start(['--allow-upstream-hosts', '127.0.0.1']);
  upstream = await FakeUpstream.start();
  client = new GoClient(server, await new Members(server, 'GO').remote('copies', `${upstream.url}/proxy`));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

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
  const ask = async () => (await client.send('GET', 'example.com/nowhere/@latest')).status;
  expect(await ask()).toBe(404);

  server.clock.advance(90_000);
  upstream.put(latest, { status: 503, body: 'away' });

  expect(await ask()).toBe(502);
});
