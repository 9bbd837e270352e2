import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { ApiCaller, type Json, LOCATION } from './testing/api.ts';
import { FakeUpstream } from './testing/fake-upstream.ts';
import { TestServer } from './testing/harness.ts';
import { MANIFEST } from './testing/oci.ts';
import { ImageShelf } from './testing/upstream-oci.ts';

let server: TestServer;
let admin: ApiCaller;
let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  server = await TestServer.start(['--allow-upstream-hosts', upstream.host]);
  admin = new ApiCaller(server);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

let repositories = 0;
/** A new remote repository; answers what stands before the names of its images. */
async function remote(more: Json = {}, uri = upstream.url): Promise<string> {
  repositories += 1;
  const id = `remote-${repositories}`;
  const made = await admin.send('POST', `${LOCATION}/repositories?repositoryId=${id}`, {
    format: 'DOCKER',
    mode: 'REMOTE_REPOSITORY',
    remoteRepositoryConfig: { commonRepository: { uri }, disableUpstreamValidation: true, ...more },
  });
  expect(made.status).toBe(200);
  return `/v2/us-central1-docker/my-project/${id}`;
}

beforeEach(() => {
  upstream.behave();
  upstream.forget();
});

const get = (path: string) => server.send('GET', path);

describe('a remote repository of images', () => {
  test('answers with what the upstream has, and then without it', async () => {
    const shelf = new ImageShelf(upstream);
    const image = shelf.push('library/app', 'v1', { layers: ['one', 'two'] });
    const at = await remote();

    const manifest = await get(`${at}/library/app/manifests/v1`);

    expect(manifest.status).toBe(200);
    expect(manifest.headers.get('content-type')).toBe(MANIFEST);
    expect(manifest.headers.get('docker-content-digest')).toBe(image.digest);
    expect(manifest.headers.get('cache-status')).toStartWith('entrepot; fwd=miss');
  });
});
