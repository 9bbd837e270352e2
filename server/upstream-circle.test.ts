import { afterAll, expect, test } from 'bun:test';
import { besideUpstream } from './testing/beside-upstream.ts';
import { Members } from './testing/members.ts';
import { NpmShelf } from './testing/upstream-npm.ts';

/** The server as others reach it. */
const { server, upstream } = await besideUpstream();
const shelf = new NpmShelf(upstream);
const members = new Members(server, 'NPM');
const front = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request) =>
    server.send(request.method, new URL(request.url).pathname, {
      as: null,
      headers: Object.fromEntries(request.headers),
    }),
});
afterAll(async () => {
  await front.stop(true);
});

/** A remote repository that everybody may read; its path, and its address from outside. */
async function open(): Promise<readonly [path: string, url: string]> {
  const id = await members.remote('hub', upstream.url);
  await server.grant(Members.named(id), 'roles/artifactregistry.reader', 'allUsers');
  const path = `/us-central1-npm/my-project/${id}`;
  return [path, `http://127.0.0.1:${front.port}${path}`];
}
const file = 'circle/-/circle-1.0.0.tgz';
const redirect = (location: string) => ({ status: 302, headers: { location }, body: '' });

/** Whoever waited for themselves would wait until a fetch has no more time: longer than a test has. */
test('a tarball that an upstream says is here is not waited for', async () => {
  const [path, url] = await open();
  await shelf.publish({ name: 'circle', version: '1.0.0', dist: { tarball: `${url}/${file}` } });

  expect((await server.send('GET', `${path}/${file}`)).status).toBe(502);
});

test.each([file, 'circle'])('what an upstream sends back here (%s) is not waited for', async (asked) => {
  const [path, url] = await open();
  await shelf.publish({ name: 'circle', version: '1.0.0' });
  upstream.put(`/${asked}`, redirect(`${url}/${asked}`));

  expect((await server.send('GET', `${path}/${asked}`)).status).toBe(502);
});
