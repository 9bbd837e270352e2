import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { TestServer } from '../testing/harness.ts';
import { ImageClient, refusal } from '../testing/oci.ts';
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

describe('a push to a virtual repository', () => {
  test('goes to its writeRepository, and is there for whoever asks either', async () => {
    const [own, other] = [await server.repository(fresh('own')), await server.repository(fresh('other'))];
    const team = fresh('team');
    await virtualRepository(server, team, { members: [own, other], writes: own });

    const { digest } = await image(team).image('v1');

    for (const repository of [team, own.repository]) {
      const answer = await image(repository).send('GET', 'manifests/v1');
      expect(answer.headers.get('docker-content-digest')).toBe(digest);
    }
    expect((await image(other.repository).send('GET', 'manifests/v1')).status).toBe(404);
  });

  test('without one says where to push instead', async () => {
    const own = await server.repository(fresh('own'));
    const team = fresh('team');
    await virtualRepository(server, team, { members: [own] });

    const { message } = await refusal(
      await image(team).send('POST', 'blobs/uploads/', { body: '' }),
      405,
      'UNSUPPORTED',
    );

    expect(message).toBe(
      `${team} takes no uploads: it is a virtual repository without a writeRepository; publish to ` +
        `projects/my-project/locations/us-central1/repositories/${own.repository} instead`,
    );
  });
});
