import { describe, expect, test } from 'bun:test';
import { ApiCaller, type Json, LOCATION } from './testing/api.ts';
import { besideUpstream } from './testing/beside-upstream.ts';
import { GenericClient } from './testing/generic.ts';
import { Members } from './testing/members.ts';
import { ImageClient } from './testing/oci.ts';
import { NpmClient } from './testing/npm.ts';
import { NpmShelf } from './testing/upstream-npm.ts';
import { ImageShelf } from './testing/upstream-oci.ts';

/** Longer than what waits until all of it is known. */
const LONG = 4 * 1024 * 1024;

const { server, upstream } = await besideUpstream();

const rule = (id: string, safetyRules: Json) =>
  new ApiCaller(server).ok(
    'PATCH',
    `${LOCATION}/repositories/${id}?updateMask=remoteRepositoryConfig.safetyRules`,
    { remoteRepositoryConfig: { safetyRules } },
  );

describe('what was copied before a rule that keeps it out', () => {
  test('is not downloaded by its id either', async () => {
    upstream.put('/tree/tool/1.0/a.bin', { body: 'unwanted' });
    const id = await new Members(server, 'GENERIC').remote('files', `${upstream.url}/tree`);
    const files = new GenericClient(server, id);
    const download = () =>
      server.send(
        'GET',
        `/v1/${LOCATION}/repositories/${id}/files/${encodeURIComponent('tool:1.0:a.bin')}:download?alt=media`,
      );
    await files.text('tool/1.0/a.bin');

    const before = await (await download()).text();
    await rule(id, { deny: ['tool'] });
    const after = await download();

    expect(before).toBe('unwanted');
    expect({ status: after.status, text: await after.text() }).toEqual({
      status: 403,
      text: expect.stringContaining('tool@1.0 is not let in'),
    });
  });

  test.each(['named', 'found'])('is not mounted from there, %s', async (how) => {
    const members = new Members(server);
    const shelf = new ImageShelf(upstream);
    const [allowed, denied] = [
      shelf.push('good', how, { layers: [`good ${how}`] }),
      shelf.push('bad', how, { layers: [`bad ${how}`] }),
    ];
    const id = await members.remote('copies', upstream.url);
    for (const [name, { layers }] of [
      ['good', allowed],
      ['bad', denied],
    ] as const)
      for (const { digest } of layers)
        expect((await members.image(id, name).send('GET', `blobs/${digest}`)).status).toBe(200);
    await rule(id, { deny: ['bad'] });

    const mine = new ImageClient(server, `us-central1-docker/my-project/images/mine-${how}`);
    const mount = async (name: string, digest: string) => {
      const from = how === 'named' ? `&from=us-central1-docker/my-project/${id}/${name}` : '';
      return (await mine.send('POST', `blobs/uploads/?mount=${digest}${from}`)).status;
    };
    expect(await mount('good', allowed.layers[0]?.digest ?? '')).toBe(201);
    expect(await mount('bad', denied.layers[0]?.digest ?? '')).toBe(202);
  });

  test('is not found by a search', async () => {
    const shelf = new NpmShelf(upstream);
    const id = await new Members(server, 'NPM').remote('packages', upstream.url);
    const client = new NpmClient(server, id);
    for (const name of ['wanted-thing', 'unwanted-thing']) {
      await shelf.publish({ name, version: '1.0.0' });
      await client.send('GET', `${name}/-/${name}-1.0.0.tgz`);
    }
    const found = async () => {
      const { objects, total } = await client.json('-/v1/search?text=thing');
      return { total, names: objects.map((each: Json) => each.package.name).sort() };
    };

    const before = await found();
    await rule(id, { deny: ['unwanted-*'] });

    expect(before).toEqual({ total: 2, names: ['unwanted-thing', 'wanted-thing'] });
    expect(await found()).toEqual({ total: 1, names: ['wanted-thing'] });
  });

  test('is kept out by its age, whatever it has become meanwhile', async () => {
    upstream.put('/tree/tool/1.0/long.bin', { body: 'a'.repeat(LONG) });
    const id = await new Members(server, 'GENERIC').remote('files', `${upstream.url}/tree`);
    const files = new GenericClient(server, id);
    await files.text('tool/1.0/long.bin');
    await rule(id, { minimumReleaseAge: '864000s' });
    upstream.put('/tree/tool/1.0/long.bin', { body: 'b'.repeat(LONG) });
    server.clock.advance(2 * 3_600_000);

    const answer = await files.send('GET', 'tool/1.0/long.bin');

    expect({ status: answer.status, text: (await answer.text()).slice(0, 200) }).toEqual({
      status: 403,
      text: expect.stringContaining('versions must have been out for 10 days'),
    });
  });
});
