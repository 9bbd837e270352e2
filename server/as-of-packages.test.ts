import { describe, expect, test } from 'bun:test';
import type { Json } from './testing/api.ts';
import { asOfText } from './testing/as-of.ts';
import { besideUpstream } from './testing/beside-upstream.ts';
import { Members } from './testing/members.ts';
import { NpmClient } from './testing/npm.ts';
import { fieldsOf, PythonClient, sdist } from './testing/python.ts';
import { NpmShelf } from './testing/upstream-npm.ts';

const DAY = 24 * 3_600_000;

const { server, upstream } = await besideUpstream();
const members = new Members(server, 'NPM');
const shelf = new NpmShelf(upstream);

/** A time after which everything that is done is later. */
function moment(): number {
  const at = server.clock.now();
  server.clock.advance(DAY);
  return at;
}
const text = (at: number): string => new Date(at).toISOString();
const past = (repository: string, at: number) => new NpmClient(server, `${repository}/${asOfText(at)}`);

/** What is published of demo, its times beside it: 1.0.0 and 1.1.0-rc, then 1.1.0 and 2.0.0. */
async function demo(repository: string, name = 'demo') {
  const client = new NpmClient(server, repository);
  await client.publish({ name, version: '1.0.0' });
  const old = server.clock.now();
  server.clock.advance(DAY);
  await client.publish({ name, version: '1.1.0-rc', tag: 'next' });
  const at = moment();
  await client.publish({ name, version: '1.1.0' });
  await client.publish({ name, version: '2.0.0', tag: 'next' });
  return { client, old, at, before: past(repository, at) };
}

describe('a package as it was', () => {
  test('has the versions, tags and times of then', async () => {
    const repository = await members.standard('own');
    const { client, old, at, before: then } = await demo(repository);
    const packument = await then.json('demo');
    expect(Object.keys(packument.versions)).toEqual(['1.0.0', '1.1.0-rc']);
    expect(packument['dist-tags']).toEqual({ latest: '1.0.0', next: '1.1.0-rc' });
    expect(packument.time).toEqual({
      created: text(old),
      modified: text(at),
      '1.0.0': text(old),
      '1.1.0-rc': text(at),
    });
    expect(packument.versions['1.0.0'].dist.tarball).toEndWith(`/${asOfText(at)}/demo/-/demo-1.0.0.tgz`);
    expect(await then.json('-/package/demo/dist-tags')).toEqual({ latest: '1.0.0', next: '1.1.0-rc' });
    expect((await then.json('demo/latest')).version).toBe('1.0.0');
    const short = await then.json('demo', { headers: { accept: 'application/vnd.npm.install-v1+json' } });
    expect([Object.keys(short.versions), short.modified]).toEqual([['1.0.0', '1.1.0-rc'], text(at)]);
    expect((await client.json('demo'))['dist-tags']).toEqual({ latest: '1.1.0', next: '2.0.0' });
    const found = (await then.json('-/v1/search?text=demo')).objects;
    expect(found.map((each: Json) => each.package.version)).toEqual(['1.0.0']);
  });

  test('gives the files of its versions, and no others', async () => {
    const repository = await members.standard('own');
    const { client, before: then } = await demo(repository);
    const [before, now] = [
      await then.send('GET', 'demo/-/demo-1.0.0.tgz'),
      await client.send('GET', 'demo/-/demo-1.0.0.tgz'),
    ];
    expect(before.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(await before.bytes()).toEqual(await now.bytes());
    expect((await then.send('GET', 'demo/-/demo-1.1.0.tgz')).status).toBe(404);
    expect((await then.send('GET', 'demo/1.1.0')).status).toBe(404);
  });

  test('is the same each time, and asked about again', async () => {
    const { before: then } = await demo(await members.standard('own'));
    const first = await then.send('GET', 'demo');
    server.clock.advance(DAY);
    const again = await then.send('GET', 'demo', {
      headers: { 'if-none-match': first.headers.get('etag') ?? '' },
    });
    expect([first.headers.get('cache-control'), again.status]).toEqual(['private, no-cache', 304]);
  });

  test('is not there before it was, and has had no tag by then', async () => {
    const repository = await members.standard('own');
    const client = new NpmClient(server, repository);
    const before = moment();
    await client.publish({ name: 'demo', version: '1.0.0' });
    const at = moment();
    await client.put('-/package/demo/dist-tags/stable', '1.0.0');
    expect((await past(repository, before).send('GET', 'demo')).status).toBe(404);
    expect((await past(repository, before).json('-/v1/search?text=')).total).toBe(0);
    expect((await past(repository, at).json('demo'))['dist-tags']).toEqual({ latest: '1.0.0' });
  });

  test('takes no publications, and says so', async () => {
    const { before: then } = await demo(await members.standard('own'));
    const answer = await then.put('-/package/demo/dist-tags/latest', '1.1.0');
    expect([answer.status, await answer.text()]).toEqual([
      405,
      expect.stringContaining('which takes no changes'),
    ]);
  });
});

describe('of several repositories and of copies', () => {
  test('a copy is what had been published by then', async () => {
    const repository = await members.remote('copy', upstream.url);
    const now = server.clock.now();
    await shelf.publish({ name: 'left', version: '1.0.0', published: text(now - DAY) });
    await shelf.publish({ name: 'left', version: '1.1.0', published: text(now + DAY) });
    await shelf.publish({ name: 'left', version: '2.0.0', published: text(now + DAY) });
    const at = moment();
    server.clock.advance(DAY);
    const then = past(repository, at);
    const packument = await then.json('left');
    expect(Object.keys(packument.versions)).toEqual(['1.0.0']);
    expect(packument['dist-tags']).toEqual({ latest: '1.0.0' });
    expect((await then.send('GET', 'left/-/left-1.1.0.tgz')).status).toBe(404);
    const tarball = await then.send('GET', 'left/-/left-1.0.0.tgz');
    expect([tarball.status, tarball.headers.get('cache-status')]).toEqual([
      200,
      expect.stringContaining('fwd=miss'),
    ]);
    expect((await new NpmClient(server, repository).json('left'))['dist-tags'].latest).toBe('2.0.0');
    expect((await then.send('GET', 'absent')).status).toBe(404);
  });

  test('a virtual repository is its members as they were, and a name stays its owner’s', async () => {
    const [own, copy] = [await members.standard('own'), await members.remote('copy', upstream.url)];
    const both = await members.virtual('both', [own, copy]);
    const longAgo = text(server.clock.now() - DAY);
    await shelf.publish({ name: 'public', version: '1.0.0', published: longAgo });
    await shelf.publish({ name: 'taken', version: '9.0.0', published: longAgo });
    const before = moment();
    const { at } = await demo(own, 'taken');
    const then = past(both, at);
    expect(Object.keys((await then.json('taken')).versions)).toEqual(['1.0.0', '1.1.0-rc']);
    expect(Object.keys((await then.json('public')).versions)).toEqual(['1.0.0']);
    expect((await then.send('GET', 'public/-/public-1.0.0.tgz')).status).toBe(200);
    expect((await past(both, before).send('GET', 'taken')).status).toBe(404);
  });
});

const filesOf = async (client: PythonClient) =>
  (await client.project('demo')).files.map(({ filename }: Json) => filename);

test('a version of Python has the files that it had', async () => {
  const repository = await new Members(server, 'PYTHON').standard('python');
  const now = new PythonClient(server, repository);
  await now.publish({ name: 'demo', version: '1.0' });
  const at = moment();
  await now.publish({ name: 'demo', version: '2.0' });
  const source = await sdist({ name: 'demo', version: '1.0' });
  const fields = {
    ...fieldsOf({ name: 'demo', version: '1.0' }, source),
    filetype: 'sdist',
    pyversion: 'source',
  };
  expect((await now.upload('demo-1.0.tar.gz', source, fields)).status).toBe(200);
  const then = new PythonClient(server, `${repository}/${asOfText(at)}`);
  expect(await filesOf(then)).toEqual(['demo-1.0-py3-none-any.whl']);
  expect(await filesOf(now)).toHaveLength(3);
  expect((await then.send('GET', 'simple/')).status).toBe(200);
});
