import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { Json } from '../testing/api.ts';
import { AuditReader, shortOf } from '../testing/audit.ts';
import { ADMIN_PASSWORD, basic, TestServer } from '../testing/harness.ts';

let server: TestServer;
let log: AuditReader;
beforeEach(async () => {
  server = await TestServer.start();
  log = await AuditReader.from(server);
});
afterEach(() => server[Symbol.asyncDispose]());

const METHOD = 'google.identity.sts.v1.SecurityTokenService.Authenticate';
const form = (fields: Record<string, string>) => ({ as: null, body: new URLSearchParams(fields) });
const failed = { method: 'Authenticate', resource: 'organizations/entrepot', code: 16 };

describe('a log-in that fails is recorded', () => {
  const wrong = { username: 'admin', password: 'wrong' };
  test.each([
    ['at the API', 'GET', '/v1/projects', { as: basic('admin', 'wrong') }],
    ['at a registry', 'GET', '/v2/', { as: basic('admin', 'wrong') }],
    ['at the token endpoint', 'POST', '/token', form({ grant_type: 'password', ...wrong })],
    ['at a registry’s token endpoint', 'POST', '/v2/token', form({ grant_type: 'password', ...wrong })],
  ])('%s, with the account that was tried', async (_, method, path, send) => {
    expect((await server.send(method, path, { ...send, peer: '10.1.2.3' })).status).toBe(401);
    const entries = await log.entries();
    expect(entries.map(shortOf)).toEqual([failed]);
    expect((entries[0] as Json).protoPayload).toMatchObject({
      methodName: METHOD,
      requestMetadata: { callerIp: '10.1.2.3' },
      request: { username: 'admin' },
    });
  });

  test.each([
    ['a token in the place of a name', basic(`ent_${'s3cret'.repeat(6)}`, '')],
    ['a password in the place of a name', basic('s3cret', 'x')],
    ['a token', `Bearer ent_${'s3cret'.repeat(6)}`],
    ['a key file', basic('_json_key', '{"private_key":"s3cret"}')],
  ])('without what was shown: %s', async (_, as) => {
    expect((await server.send('GET', '/v1/projects', { as })).status).toBe(401);
    const entries = await log.entries();
    expect(entries.map(shortOf)).toEqual([failed]);
    expect(JSON.stringify(entries)).not.toContain('s3cret');
  });

  test('and one that succeeds is the entry of its token, made with it', async () => {
    expect((await server.send('GET', '/v1/projects')).status).toBe(200);
    expect(await log.entries()).toEqual([]);
    await server.accessToken('admin', ADMIN_PASSWORD);
    expect((await log.committed()).map(shortOf)).toMatchObject([{ method: 'IssueToken', code: 0 }]);
  });

  test('a few times for one peer, and then counted until the minute is over', async () => {
    const attempt = (peer: string) => server.send('GET', '/v1/projects', { as: 'Bearer nothing', peer });
    for (let time = 0; time < 40; time += 1) await attempt('10.0.0.1');
    await attempt('10.0.0.2');
    expect(await log.entries()).toHaveLength(6);

    server.clock.advance(60_000);
    await attempt('10.0.0.1');
    const entries = await log.entries();
    const [counted] = entries.filter((entry: Json) => entry.protoPayload.request?.attempts !== undefined);
    expect(entries).toHaveLength(2);
    expect((counted as Json).protoPayload).toMatchObject({
      request: { attempts: 35, since: '2026-03-01T12:00:00.000Z' },
      requestMetadata: { callerIp: '10.0.0.1' },
      status: { code: 16, message: '35 more failed log-ins' },
    });
  });

  test('of many peers not more than a log can take', async () => {
    for (let peer = 0; peer < 700; peer += 1)
      await server.send('GET', '/v1/projects', {
        as: 'Bearer nothing',
        peer: `10.0.${peer >> 8}.${peer & 255}`,
      });
    expect(await log.entries()).toHaveLength(600);
  });
});
