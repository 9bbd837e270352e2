import { describe, expect, test } from 'bun:test';
import { ApiCaller } from '../testing/api.ts';
import { besideUpstream } from '../testing/beside-upstream.ts';
import { type Send } from '../testing/harness.ts';
import { Members } from '../testing/members.ts';
import { NpmClient } from '../testing/npm.ts';
import { status } from '../testing/upstream-faults.ts';
import { NpmShelf } from '../testing/upstream-npm.ts';

const { server, upstream } = await besideUpstream();
const shelf = new NpmShelf(upstream);
const members = new Members(server, 'NPM');

const client = (repository: string): NpmClient => new NpmClient(server, repository);
const versionsOf = async (repository: string, name: string, send?: Send): Promise<readonly string[]> =>
  Object.keys((await client(repository).json(name, send)).versions);
const reader = async (...repositories: readonly string[]): Promise<Send> => {
  const id = `reader-${crypto.randomUUID().slice(0, 8)}`;
  for (const repository of repositories)
    await server.grant(Members.named(repository), 'roles/artifactregistry.reader', `user:${id}`);
  return { as: await server.account(id) };
};

describe('a packument of a virtual repository', () => {
  test('has each version as the first member has it that may be read, for each caller their own', async () => {
    const [first, second] = [await members.standard('first'), await members.standard('second')];
    const team = await members.virtual('team', [first, second]);
    for (const version of ['1.0.0', '2.0.0'])
      await client(first).publish({ name: 'left', version, more: { description: 'first' } });
    for (const version of ['1.0.0', '3.0.0'])
      await client(second).publish({ name: 'left', version, more: { description: 'second' } });
    const [both, one, none] = [
      await reader(team, first, second),
      await reader(team, second),
      await reader(team),
    ];

    for (const _ of ['made', 'kept', 'kept']) {
      expect(await versionsOf(team, 'left', both)).toEqual(
        expect.arrayContaining(['1.0.0', '2.0.0', '3.0.0']),
      );
      expect(await versionsOf(team, 'left', one)).toEqual(['1.0.0', '3.0.0']);
      expect((await client(team).send('GET', 'left', none)).status).toBe(404);
    }
    const { versions } = await client(team).json('left', both);
    expect(versions['1.0.0'].description).toBe('first');
    const tarball = await client(team).send('GET', 'left/-/left-1.0.0.tgz', both);
    const theirs = await client(first).send('GET', 'left/-/left-1.0.0.tgz');
    expect(await tarball.bytes()).toEqual(await theirs.bytes());
    expect(versions['1.0.0'].dist.tarball).toBe(
      `http://localhost:8080${client(team).path}/left/-/left-1.0.0.tgz`,
    );
  });

  test('has one version, or what a tag names, as it is in the whole', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [await members.remote('hub', upstream.url), own]);
    for (const version of ['1.0.0', '3.0.0']) await shelf.publish({ name: 'one', version });
    for (const version of ['1.0.0', '2.0.0'])
      await client(own).publish({ name: 'one', version, tag: 'mine', more: { description: 'own' } });
    const { versions, 'dist-tags': tags } = await client(team).json('one');
    upstream.forget();
    for (const version of ['1.0.0', '2.0.0', '3.0.0'])
      expect(await client(team).json(`one/${version}`)).toEqual(versions[version]);
    expect(await client(team).json('one/latest')).toEqual(versions[tags.latest]);
    for (const absent of ['4.0.0', 'mine'])
      expect((await client(team).send('GET', `one/${absent}`)).status).toBe(404);
    expect(upstream.asked()).toEqual([]);
  });

  test('is another one with every change of a member, and keeps its entity tag until then', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [own, await members.remote('hub', upstream.url)]);
    await client(own).publish({ name: 'changing', version: '1.0.0' });
    const etag = async () => (await client(team).send('GET', 'changing')).headers.get('etag');
    const before = await etag();
    expect(await etag()).toBe(before);

    await client(own).publish({ name: 'changing', version: '1.0.1' });

    expect(await versionsOf(team, 'changing')).toEqual(['1.0.0', '1.0.1']);
    expect(await etag()).not.toBe(before);
  });

  test('is of the package that is there now, where there was one of its name before', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [own]);
    for (const version of ['1.0.0', '2.0.0']) {
      await client(own).publish({ name: 'again', version });
      expect(await versionsOf(team, 'again')).toEqual([version]);
      await new ApiCaller(server).ok('DELETE', `${Members.named(own)}/packages/again`);
      expect((await client(team).send('GET', 'again')).status).toBe(404);
    }
  });
});

describe('a name that is published in a repository of one’s own', () => {
  test('takes no higher version from elsewhere, nor what was there before it', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [own, await members.remote('hub', upstream.url)]);
    await shelf.publish({ name: 'internal', version: '99.0.0' });
    expect(await versionsOf(team, 'internal')).toEqual(['99.0.0']);

    await client(own).publish({ name: 'internal', version: '1.0.0' });

    expect(await versionsOf(team, 'internal')).toEqual(['1.0.0']);
    expect((await client(team).send('GET', 'internal/-/internal-99.0.0.tgz')).status).toBe(404);
    expect((await client(team).send('GET', 'internal/99.0.0')).status).toBe(404);
  });

  test('stays closed when it is unpublished', async () => {
    const own = await members.standard('own');
    const team = await members.virtual('team', [own, await members.remote('hub', upstream.url)]);
    await shelf.publish({ name: 'gone', version: '99.0.0' });
    await client(own).publish({ name: 'gone', version: '1.0.0' });
    const revision = await client(own).revision('gone');
    expect((await client(own).send('DELETE', `gone/-rev/${revision}`)).ok).toBe(true);

    expect((await client(team).send('GET', 'gone')).status).toBe(404);
    expect((await client(team).send('GET', 'gone/-/gone-99.0.0.tgz')).status).toBe(404);
  });

  test('is published through the virtual repository, and found by words there', async () => {
    const own = await members.standard('own');
    const hub = await members.remote('hub', upstream.url);
    const team = await members.virtual('team', [own, hub], { writeRepository: Members.named(own) });
    await client(team).publish({ name: 'sentinel', more: { description: 'a lighthouse' } });

    const { objects, total } = await client(team).json('-/v1/search?text=lighthouse');

    expect(total).toBe(1);
    expect(objects).toMatchObject([{ package: { name: 'sentinel', version: '1.0.0' } }]);
    expect(await versionsOf(own, 'sentinel')).toEqual(['1.0.0']);
  });
});

test('a packument that was made without a member is nobody’s to keep', async () => {
  const own = await members.standard('own');
  const [one, other] = [
    await members.remote('one', `${upstream.url}/one`),
    await members.remote('hub', upstream.url),
  ];
  const team = await members.virtual('team', [own, one, other], { memberFailure: 'ANSWER_WITHOUT' });
  await shelf.publish({ name: 'partial', version: '1.0.0' });
  upstream.misbehave(/^\/one/, status(503));

  const answer = await client(team).send('GET', 'partial');

  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('entrepot-without')).toBe(Members.named(one));
  upstream.behave();
  const again = await client(team).send('GET', 'partial');
  expect(again.status).toBe(200);
});
