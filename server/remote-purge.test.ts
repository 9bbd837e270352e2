import { describe, expect, test } from 'bun:test';
import type { Json } from './testing/api.ts';
import { besideUpstream } from './testing/beside-upstream.ts';
import { Members } from './testing/members.ts';
import { Gate, slow } from './testing/upstream-faults.ts';
import { NpmShelf } from './testing/upstream-npm.ts';
import { ImageShelf } from './testing/upstream-oci.ts';

const { server, upstream } = await besideUpstream();

/** A new remote repository whose copies are good until the clock moves. */
const remote = (format: 'DOCKER' | 'NPM'): Promise<string> =>
  new Members(server, format).remote('remote', upstream.url, {
    cacheConfig: { fileMaxAge: '60s', indexMaxAge: '60s' },
  });
const purge = (repository: string) => server.app.caches.purge(Members.address(repository), 'all', undefined);
const versionsAt = async (path: string) => {
  const answer = await server.send('GET', path);
  return answer.ok ? Object.keys(((await answer.json()) as Json).versions) : answer.status;
};

describe('while the upstream is asked, a purge', () => {
  test('is no reason to say that a tag is not there', async () => {
    new ImageShelf(upstream).push('app', 'v1');
    const id = await remote('DOCKER');
    const path = `/v2/us-central1-docker/my-project/${id}/app/manifests/v1`;
    expect((await server.send('GET', path)).status).toBe(200);
    server.clock.advance(120_000);
    const gate = new Gate();
    upstream.misbehave(/manifests/, slow(gate));
    const asking = server.send('GET', path);
    await gate.reached;
    await purge(id);
    gate.open();
    expect((await asking).status).toBe(200);
  });

  test('is no reason not to answer an index that did not change', async () => {
    const shelf = new NpmShelf(upstream);
    await shelf.publish({ name: 'same', version: '1.0.0' });
    const id = await remote('NPM');
    const path = `/us-central1-npm/my-project/${id}/same`;
    expect(await versionsAt(path)).toEqual(['1.0.0']);
    server.clock.advance(120_000);
    const gate = new Gate();
    upstream.misbehave('/same', slow(gate));
    const asking = versionsAt(path);
    await gate.reached;
    await purge(id);
    gate.open();
    expect(await asking).toEqual(['1.0.0']);
  });

  test('forgets what is still on its way', async () => {
    const shelf = new NpmShelf(upstream);
    await shelf.publish({ name: 'moved', version: '1.0.0' });
    const id = await remote('NPM');
    const path = `/us-central1-npm/my-project/${id}/moved`;
    const gate = new Gate();
    upstream.misbehave('/moved', slow(gate));
    const asking = versionsAt(path);
    await gate.reached;
    await shelf.publish({ name: 'moved', version: '1.1.0' });
    await purge(id);
    gate.open();
    await asking;
    expect(await versionsAt(path)).toEqual(['1.0.0', '1.1.0']);
  });
});
