import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, type Json } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';

let server: TestServer;
let ann: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  const admin = new ApiCaller(server);
  const ids = [
    'aaa-seen',
    ...Array.from({ length: 25 }, (_, at) => `hidden-${at + 10}`),
    'yyy-seen',
    'zzz-hidden',
  ];
  for (const projectId of ids) await admin.ok('POST', 'projects', { projectId });
  ann = new ApiCaller(server, await server.account('ann', ['projects/aaa-seen', 'projects/yyy-seen']));
});
afterAll(() => server[Symbol.asyncDispose]());

describe('a list of which the caller sees some', () => {
  it.each([1, 2, 3, 20])(
    'has full pages of %p and tells nothing of what is between or behind',
    async (size) => {
      const pages: Json[] = [];
      let token = '';
      do {
        const page = await ann.get(`projects?pageSize=${size}&pageToken=${token}`);
        pages.push(page);
        token = page.nextPageToken ?? '';
        expect(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).not.toContain('hidden');
      } while (token !== '');

      const ids = pages.map(({ projects }) => projects.map(({ projectId }: Json) => projectId));
      expect(ids).toEqual(size === 1 ? [['aaa-seen'], ['yyy-seen']] : [['aaa-seen', 'yyy-seen']]);
    },
  );
});
