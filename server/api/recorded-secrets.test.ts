import { afterAll, beforeAll, expect, test } from 'bun:test';
import { ApiCaller, IMAGES, PROJECT } from '../testing/api.ts';
import { ALL_TYPES, configOf, setAuditConfigs } from '../testing/audit.ts';
import { ADMIN_PASSWORD, basic, TestServer } from '../testing/harness.ts';
import { freshImage } from '../testing/oci.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server, `Bearer ${await server.accessToken('admin', ADMIN_PASSWORD)}`);
  await setAuditConfigs(server, '/', [configOf(ALL_TYPES)]);
});
afterAll(() => server[Symbol.asyncDispose]());

const ROBOT = `${PROJECT}/serviceAccounts/robot-one@my-project.iam.gserviceaccount.com`;
const form = (peer: string, fields: Record<string, string>) => ({
  as: null,
  peer,
  body: new URLSearchParams(fields),
});

test('no secret that passes through the server is in the audit log, whatever is recorded', async () => {
  const [first, second, wrong] = ['first-pass-3f9c', 'second-pass-77aa', 'wrong-pass-d001'];
  await admin.ok('POST', 'users?userId=ann', { password: first });
  await admin.ok('POST', 'users/ann:setPassword', { password: second });
  const login = await server.accessToken('ann', second);
  const { token: personal } = await new ApiCaller(server, `Bearer ${login}`).ok('POST', 'users/ann/tokens', {
    displayName: 'ci',
  });
  await admin.ok('POST', `${PROJECT}/serviceAccounts`, { accountId: 'robot-one' });
  const { privateKeyData } = await admin.ok('POST', `${ROBOT}/keys`, {});
  const keyFile = Buffer.from(privateKeyData, 'base64').toString();
  const { accessToken } = await admin.ok('POST', `${ROBOT}:generateAccessToken`, {
    scope: ['https://www.googleapis.com/auth/cloud-platform'],
  });
  const registry = (await (await server.send('GET', '/v2/token', { as: basic('ann', second) })).json()) as {
    readonly token: string;
  };

  // Each of them where it belongs, and where people put them by mistake.
  const secrets: readonly string[] = [
    first,
    second,
    wrong,
    ADMIN_PASSWORD,
    login,
    personal,
    accessToken,
    registry.token,
  ];
  for (const [index, secret] of secrets.entries()) {
    // Otherwise the log would soon only count them.
    const peer = `10.0.0.${index}`;
    await server.send(
      'POST',
      '/token',
      form(peer, { grant_type: 'password', username: 'ann', password: secret }),
    );
    await server.send(
      'POST',
      '/token',
      form(peer, { grant_type: secret, username: secret, password: secret }),
    );
    await server.send(
      'POST',
      '/v2/token',
      form(peer, { grant_type: 'refresh_token', refresh_token: secret }),
    );
    for (const as of [`Bearer ${secret}`, basic('ann', secret), basic(secret, ''), basic('_token', secret)])
      await (await server.send('GET', `/v1/${PROJECT}`, { as, peer })).text();
  }
  await server.send('GET', `/v1/${PROJECT}`, { as: basic('_json_key', keyFile) });
  for (const token of [login, personal, accessToken, registry.token]) {
    await admin.send('PATCH', IMAGES, { description: token, labels: { x: 'y' } });
    await admin.send('DELETE', `${IMAGES}/packages/${token}`);
    await server.send('GET', `/v2/us-central1-docker/my-project/images/x/manifests/${token}`);
    await server.send('GET', '/v1/projects', { headers: { 'user-agent': token } });
  }
  const image = freshImage(server);
  const session = (await image.begin()).split('/').at(-1) ?? '';
  await server.send('PATCH', `/v2/${image.name}/blobs/uploads/${session}`, { body: 'x' });
  await image.image('v1');

  await server.app.flushAudit();
  const rows = await server.database.read.selectFrom('audit_entry').selectAll().execute();
  expect(rows.length).toBeGreaterThan(60);
  const { private_key: pem, private_key_id: id } = JSON.parse(keyFile) as Record<string, string>;
  const keyLines = (pem ?? '').split('\n').filter((line) => line.length > 40);
  expect(keyLines.length).toBeGreaterThan(10);
  const text = rows.map((row) => JSON.stringify(row)).join('\n');
  expect(text).toContain(id ?? 'an id');
  for (const secret of [...secrets, session, privateKeyData.slice(0, 60), ...keyLines])
    for (const shape of [secret, Buffer.from(secret).toString('base64').slice(0, -4)])
      expect({ secret, found: text.includes(shape) }).toEqual({ secret, found: false });
}, 30_000);
