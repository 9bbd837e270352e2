import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { TestServer } from '../testing/harness.ts';
import { ImageClient } from '../testing/oci.ts';
import { virtualRepository } from '../testing/virtual-repository.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const image = (repository: string, name = 'app'): ImageClient =>
  new ImageClient(server, `us-central1-docker/my-project/${repository}/${name}`);
let made = 0;
const fresh = (word: string): string => `${word}-${(made += 1)}`;

describe('an image of a virtual repository', () => {
  test('is the first member’s that has it', async () => {
    const [first, second] = [fresh('first'), fresh('second')];
    const members = [await server.repository(first), await server.repository(second)];
    const both = fresh('both');
    await virtualRepository(server, both, { members });
    const earlier = await image(first).image('v1', 'earlier');
    await image(second).image('v1', 'later');
    const behind = await image(second).image('v2');

    expect((await image(both).send('GET', 'manifests/v1')).headers.get('docker-content-digest')).toBe(
      earlier.digest,
    );
    expect((await image(both).send('GET', 'manifests/v2')).headers.get('docker-content-digest')).toBe(
      behind.digest,
    );
    const list = await image(both).send('GET', 'tags/list');
    expect(await list.json()).toMatchObject({
      name: `us-central1-docker/my-project/${both}/app`,
      tags: ['v1', 'v2'],
    });
  });
});
