import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Send, TestServer } from '../testing/harness.ts';
import { Members } from '../testing/members.ts';
import { refusal } from '../testing/oci.ts';

let server: TestServer;
let members: Members;
beforeAll(async () => {
  server = await TestServer.start();
  members = new Members(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const writes = (id: string) => ({ writeRepository: Members.named(id) });
const begin = (team: string, send: Send = {}) =>
  members.image(team).send('POST', 'blobs/uploads/', { body: '', ...send });

/** Somebody who may write to some repositories, and nothing else. */
const writer = async (...on: readonly string[]): Promise<Send> => {
  const id = `writer-${crypto.randomUUID().slice(0, 8)}`;
  for (const repository of on)
    await server.grant(Members.named(repository), 'roles/artifactregistry.writer', `user:${id}`);
  return { as: await server.account(id) };
};

describe('a push to a virtual repository', () => {
  test('goes to its writeRepository, and is there for whoever asks either', async () => {
    const [own, other] = [await members.standard('own'), await members.standard('other')];
    const team = await members.virtual('team', [other, own], writes(own));

    const { digest } = await members.image(team).image('v1');

    for (const repository of [team, own]) {
      const answer = await members.image(repository).send('GET', 'manifests/v1');
      expect(answer.headers.get('docker-content-digest')).toBe(digest);
    }
    expect((await members.image(other).send('GET', 'manifests/v1')).status).toBe(404);
  });

  test('says where it went, to the client and in the audit log', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [own], writes(own));
    const document = await members.image(team).document('audited');

    const answer = await members.image(team).put('v1', document);

    expect(answer.headers.get('entrepot-written-to')).toBe(Members.named(own));
    const entry = await server.database.read
      .selectFrom('audit_entry')
      .selectAll()
      .where('method', '=', 'Docker-PutManifest')
      .orderBy('at', 'desc')
      .orderBy('id', 'desc')
      .where('resource', 'like', `%${team}%`)
      .executeTakeFirstOrThrow();
    expect(JSON.stringify(entry)).toContain(Members.named(own));
  });

  test('continues an upload that was begun at either address', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [own], writes(own));
    const location = (await begin(team)).headers.get('location') ?? '';
    expect(location).toContain(`/${team}/`);

    expect((await server.send('PATCH', location, { body: 'some bytes' })).status).toBe(202);
    const there = location.replace(`/${team}/`, `/${own}/`);
    expect((await server.send('GET', there)).headers.get('range')).toBe('0-9');
  });

  test('uses layers that are behind the address, as the client was told that they are there', async () => {
    const [own, other] = [await members.standard('own'), await members.standard('other')];
    const team = await members.virtual('team', [other, own], writes(own));
    const document = await members.image(other).document('shared');
    const layer = (JSON.parse(document) as { layers: [{ digest: string }] }).layers[0].digest;
    expect((await members.image(team).send('HEAD', `blobs/${layer}`)).status).toBe(200);
    expect((await members.image(own).send('HEAD', `blobs/${layer}`)).status).toBe(404);

    await members.image(team).push('v1', document);

    expect((await members.image(own).send('GET', `blobs/${layer}`)).status).toBe(200);
  });

  test('uses no layers that the caller may not read', async () => {
    const [own, secret] = [await members.standard('own'), await members.standard('secret')];
    const team = await members.virtual('team', [secret, own], writes(own));
    const document = await members.image(secret).document('secret');
    for (const repository of [own, team])
      await server.grant(Members.named(repository), 'roles/artifactregistry.writer', `user:writer-${team}`);
    const as = await server.account(`writer-${team}`);

    await refusal(
      await members.image(team).put('v1', document, undefined, { as }),
      404,
      'MANIFEST_BLOB_UNKNOWN',
    );
  });

  test('mounts what the caller may read of the repository that is named', async () => {
    const [own, other] = [await members.standard('own'), await members.standard('other')];
    const team = await members.virtual('team', [other, own], writes(own));
    const { digest } = await members.image(other, 'base').blob('a layer of the base image');
    const from = members.image(team, 'base').name;

    const answer = await members
      .image(team)
      .send('POST', `blobs/uploads/?mount=${digest}&from=${from}`, { body: '' });

    expect(answer.status).toBe(201);
    expect((await members.image(own).send('GET', `blobs/${digest}`)).status).toBe(200);
  });

  test('needs the right on both', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [own], writes(own));
    expect((await begin(team, await writer(team, own))).status).toBe(202);
    const { message } = await refusal(await begin(team, await writer(team)), 403, 'DENIED');
    expect(message).toContain(Members.named(own));
    await refusal(await begin(team, await writer(own)), 403, 'DENIED');
  });

  test('without one says where to push instead, to who may push there', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [own]);
    await server.grant(Members.named(team), 'roles/artifactregistry.writer', `user:writer-${team}`);
    const as = await server.account(`writer-${team}`);

    const told = await refusal(await begin(team), 405, 'UNSUPPORTED');
    const untold = await refusal(await begin(team, { as }), 405, 'UNSUPPORTED');

    const why = `${team} takes no uploads: it is a virtual repository without a writeRepository`;
    expect(told.message).toBe(`${why}; publish to ${Members.named(own)} instead`);
    expect(untold.message).toBe(why);
  });

  test('deletes from it, too', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [own], writes(own));
    const { digest } = await members.image(own).image('v1');

    expect((await members.image(team).send('DELETE', 'manifests/v1')).status).toBe(202);
    expect((await members.image(team).send('DELETE', `manifests/${digest}`)).status).toBe(202);
    expect((await members.image(own).send('GET', `manifests/${digest}`)).status).toBe(404);
  });
});
