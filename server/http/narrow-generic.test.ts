import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { LOCATION } from '../testing/api.ts';
import { GenericClient } from '../testing/generic.ts';
import { TestServer } from '../testing/harness.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a grant for some versions of files', () => {
  test.each(['tool/1.0', 'tool/1.0/', 'tool/1.0?force=true', 'tool/1.0/?force=true', 'tool/1.0/a'])(
    'deletes no other one as %s',
    async (path) => {
      await server.repository('kept', { format: 'GENERIC' });
      const files = new GenericClient(server, 'kept');
      await files.put('tool/1.0/a', 'kept');
      await server.grantIf(
        `${LOCATION}/repositories/kept`,
        'roles/artifactregistry.repoAdmin',
        'user:mostly',
        'resource.version != "1.0"',
      );
      const who = await server.account('mostly');

      expect((await files.send('DELETE', path, { as: who })).status).toBe(403);
      expect(await files.text('tool/1.0/a')).toBe('kept');
    },
  );
});
