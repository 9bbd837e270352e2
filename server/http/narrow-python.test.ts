import { afterAll, beforeAll, expect, test } from 'bun:test';
import { LOCATION } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { attestationsOf, PythonClient, wheel, wheelName } from '../testing/python.ts';

const RELEASE = { name: 'demo', version: '1.0' } as const;
const FILE = wheelName(RELEASE);

let server: TestServer;
let client: PythonClient;
beforeAll(async () => {
  server = await TestServer.start();
  await server.repository('projects', { format: 'PYTHON' });
  client = new PythonClient(server, 'projects');
  await client.publish(RELEASE, { attestations: attestationsOf(FILE, wheel(RELEASE)) });
});
afterAll(() => server[Symbol.asyncDispose]());

test.each(['1.0', '1.0.0', '2.0', 'x'])(
  'provenance asked for as that of %s is not shown to who may read all but its version',
  async (version) => {
    const id = `all-but-${version.replaceAll('.', '-')}`;
    await server.grantIf(
      `${LOCATION}/repositories/projects`,
      'roles/artifactregistry.reader',
      `user:${id}`,
      '!has(resource.version) || resource.version != "1.0"',
    );
    const as = await server.account(id);
    const answer = await client.send('GET', `integrity/demo/${version}/${FILE}/provenance`, { as });

    expect(answer.status).toBe(404);
  },
);

test.each([
  ['1.0', 200],
  ['1.0.0', 200],
  ['2.0', 404],
])('provenance is at the version of its file: %s', async (version, status) => {
  expect((await client.send('GET', `integrity/demo/${version}/${FILE}/provenance`)).status).toBe(status);
});
