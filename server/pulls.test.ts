import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { TestServer } from './testing/harness.ts';
import { Members } from './testing/members.ts';
import type { ImageClient } from './testing/oci.ts';

const HOUR = 3_600_000;

let server: TestServer;
let members: Members;
beforeAll(async () => {
  server = await TestServer.start();
  members = new Members(server);
});
afterAll(() => server[Symbol.asyncDispose]());

/** When a version was pulled, as it is noted. */
async function pulledAt(digest: string): Promise<number | undefined> {
  await server.app.notePulls();
  const row = await server.database.read
    .selectFrom('version_pull')
    .innerJoin('version', 'version.id', 'version_pull.version_id')
    .select('version_pull.at')
    .where('version.name', '=', digest)
    .executeTakeFirst();
  return row?.at;
}

async function pushed(seed: string) {
  const repository = await members.standard('pulled');
  const image = members.image(repository);
  const { digest } = await image.image('v1', seed);
  return { repository, image, digest };
}
const manifest = (image: ImageClient, method = 'GET', headers = {}) =>
  image.send(method, 'manifests/v1', { headers });

describe('a pull', () => {
  test('is noted once an hour', async () => {
    const { image, digest } = await pushed('hourly');
    expect(await pulledAt(digest)).toBeUndefined();
    await manifest(image);
    const first = server.clock.now();
    expect(await pulledAt(digest)).toBe(first);
    server.clock.advance(HOUR - 1);
    await manifest(image);
    expect(await pulledAt(digest)).toBe(first);
    server.clock.advance(1);
    await image.send('GET', `manifests/${digest}`);
    expect(await pulledAt(digest)).toBe(first + HOUR);
  });

  test.each([
    ['HEAD', {}],
    ['GET', { 'if-none-match': '*' }],
    ['GET', { range: 'bytes=0-1' }],
  ])('is also %s with %p', async (method, headers) => {
    const { image, digest } = await pushed(`${method} ${JSON.stringify(headers)}`);
    await manifest(image, method, headers);
    expect(await pulledAt(digest)).toBe(server.clock.now());
  });

  test('through a virtual repository is of what was pulled', async () => {
    const { repository, digest } = await pushed('behind');
    await manifest(members.image(await members.virtual('front', [repository])));
    expect(await pulledAt(digest)).toBe(server.clock.now());
  });

  test('that is refused is none', async () => {
    const { image, digest } = await pushed('refused');
    expect((await image.send('GET', 'manifests/v1', { as: null })).status).toBe(401);
    expect(await pulledAt(digest)).toBeUndefined();
  });

  test('changes nothing of what is published', async () => {
    const { image, digest } = await pushed('unchanged');
    const before = await server.database.read.selectFrom('package').selectAll().execute();
    server.clock.advance(HOUR);
    await manifest(image);
    expect(await pulledAt(digest)).toBe(server.clock.now());
    expect(await server.database.read.selectFrom('package').selectAll().execute()).toEqual(before);
  });
});
