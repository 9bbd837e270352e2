import { expect } from 'bun:test';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { encoded, fieldsOf, form, wheel, wheelName } from '../../server/testing/python.ts';
import { said, writeProject } from '../fixtures/python-project.ts';
import type { Scratch } from '../harness/scratch.ts';
import type { PythonClient, PythonClientKind, PythonIndex } from './python-client.ts';

/** A client that is taken through repositories, each time with nothing that it knows from before. */
export interface PythonWalk {
  readonly kind: PythonClientKind;
  readonly space: Scratch;
}

export async function openPython({ kind, space }: PythonWalk, index: PythonIndex): Promise<PythonClient> {
  const directory = join(space.path, `stage-${crypto.randomUUID().slice(0, 8)}`);
  await mkdir(directory);
  return kind.open({ ...index, directory });
}

const nameFor = ({ kind }: PythonWalk, purpose: string): string =>
  `${purpose}-${kind.name.replaceAll(/[^a-z]+/g, '-')}`.replace(/-$/, '');

interface Names {
  readonly library: string;
  readonly tool: string;
}

/** A library, in two versions, and a tool that needs the older one. */
async function publishThree(walk: PythonWalk, index: PythonIndex, purpose: string): Promise<Names> {
  const names = { library: nameFor(walk, `${purpose}-library`), tool: nameFor(walk, `${purpose}-tool`) };
  const client = await openPython(walk, index);
  const publish = async (name: string, version: string, requires: readonly string[] = []) =>
    client.publish(await writeProject(walk.space, { name, version, says: 'a library', requires }));
  await publish(names.library, '1.2.0');
  await publish(names.library, '2.0.0');
  await publish(names.tool, '1.0.0', [`${names.library}<2`]);
  return names;
}

async function installBoth(walk: PythonWalk, index: PythonIndex, { library, tool }: Names): Promise<void> {
  const folder = await (await openPython(walk, index)).install([tool]);
  expect([await said(folder, tool), await said(folder, library)]).toEqual([
    '1.0.0: a library',
    '1.2.0: a library',
  ]);
}

/** Publishes, and installs with what it needs, and by number. */
export async function publishAndInstall(
  walk: PythonWalk,
  index: PythonIndex,
  purpose = 'published',
): Promise<void> {
  const names = await publishThree(walk, index, purpose);
  await installBoth(walk, index, names);
  const folder = await (await openPython(walk, index)).install([`${names.library}==2.0.0`]);
  expect(await said(folder, names.library)).toBe('2.0.0: a library');
}

/** What is there stays as it is, and whoever tries to change it reads why; who sends the same again is not refused. */
export async function publishAgain(walk: PythonWalk, index: PythonIndex): Promise<void> {
  const name = nameFor(walk, 'again');
  const first = await writeProject(walk.space, { name, version: '1.0.0', says: 'first' });
  await (await openPython(walk, index)).publish(first);
  await (await openPython(walk, index)).publish(first);
  const second = await writeProject(walk.space, { name, version: '1.0.0', says: 'second' });
  const refused = await (await openPython(walk, index)).publish(second).then(() => 'published', String);
  expect(refused).toMatch(walk.kind.refusesAgain);
  const folder = await (await openPython(walk, index)).install([name]);
  expect(await said(folder, name)).toBe('1.0.0: first');
}

/** Of a version with two builds of a wheel the later one is installed, until it is yanked; then the other. */
export async function installPastYanked(
  walk: PythonWalk,
  index: PythonIndex,
  yank: (release: { readonly name: string; readonly version: string }, file: string) => Promise<unknown>,
): Promise<void> {
  const release = { name: nameFor(walk, 'yanked'), version: '1.0.0' };
  const builds = [1, 2].map((build) => ({
    filename: wheelName(release).replace('-py3-', `-${build}-py3-`),
    bytes: wheel({ ...release, module: `__version__ = "1.0.0"\nsays = "build ${build}"\n` }),
  }));
  for (const { filename, bytes } of builds) {
    const { body, headers } = await encoded(form(filename, bytes, fieldsOf(release, bytes)));
    const authorization = `Basic ${btoa(`${index.username}:${index.password}`)}`;
    const answer = await fetch(index.url, { method: 'POST', body, headers: { ...headers, authorization } });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  }
  const installed = async (): Promise<string | undefined> =>
    said(await (await openPython(walk, index)).install([release.name]), release.name);

  expect(await installed()).toBe('1.0.0: build 2');
  await yank(release, builds[1]?.filename ?? '');
  expect(await installed()).toBe('1.0.0: build 1');
}

interface Cache {
  readonly walk: PythonWalk;
  /** The repository that caches, and the index that it asks. */
  readonly cache: PythonIndex;
  readonly upstream: PythonIndex;
  /** Takes the upstream away. */
  readonly cut: () => void;
}

/** Installs what others published, when nothing is cached, when all is, and when the upstream is away. */
export async function installThroughCache({ walk, cache, upstream, cut }: Cache): Promise<void> {
  const names = await publishThree(walk, upstream, 'cached');
  await installBoth(walk, cache, names);
  await installBoth(walk, cache, names);
  cut();
  await installBoth(walk, cache, names);
  const unknown = nameFor(walk, 'never-asked-for');
  const refused = await (await openPython(walk, cache)).install([unknown]).then(() => 'installed', String);
  expect(refused).toMatch(/exit code [1-9]/);
}

interface Several {
  readonly walk: PythonWalk;
  /** The address of all, the member that is one's own, and the index behind the other. */
  readonly virtual: PythonIndex;
  readonly own: PythonIndex;
  readonly others: PythonIndex;
}

/** Installs one's own where others have a higher version of that name, and others' where one has none. */
export async function installOwnFirst({ walk, virtual, own, others }: Several): Promise<void> {
  const { space } = walk;
  const [name, theirs] = [nameFor(walk, 'in-both'), nameFor(walk, 'theirs')];
  const stranger = await openPython(walk, others);
  await stranger.publish(await writeProject(space, { name, version: '99.0.0', says: 'not ours' }));
  await stranger.publish(await writeProject(space, { name: theirs, version: '3.0.0', says: 'theirs' }));
  await (
    await openPython(walk, own)
  ).publish(await writeProject(space, { name, version: '1.0.0', says: 'ours' }));

  const folder = await (await openPython(walk, virtual)).install([name, theirs]);
  expect(await said(folder, name)).toBe('1.0.0: ours');
  expect(await said(folder, theirs)).toBe('3.0.0: theirs');
}
