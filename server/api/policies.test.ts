import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, IMAGES } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  await server.account('ann@example.com');
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a policy', () => {
  it('is empty at first, and what was set afterwards', async () => {
    expect(await admin.get(`${IMAGES}:getIamPolicy`)).toEqual({ etag: 'ACAB' });
    const bindings = [{ role: 'roles/artifactregistry.reader', members: ['user:ann@example.com'] }];
    const set = await admin.ok('POST', `${IMAGES}:setIamPolicy`, { policy: { bindings } });
    expect(set).toEqual({ version: 1, bindings, etag: expect.any(String) });
    expect(await admin.get(`${IMAGES}:getIamPolicy`)).toEqual(set);
  });
});
