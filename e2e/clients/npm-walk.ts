import { expect } from 'bun:test';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOut, installed, writePackage, writeProject } from '../fixtures/npm-package.ts';
import type { Scratch } from '../harness/scratch.ts';
import type { NpmClient, NpmClientKind, NpmRegistry, Person } from './npm-client.ts';

/** A client on its way through the modes: everything it does begins on a stage that nobody has been on. */
export interface NpmWalk {
  readonly kind: NpmClientKind;
  readonly space: Scratch;
}

let opened = 0;

export async function openNpm({ kind, space }: NpmWalk, registry: NpmRegistry): Promise<NpmClient> {
  opened += 1;
  const directory = join(space.path, `${kind.name.replace(' ', '-')}-${opened}`);
  await mkdir(directory);
  return kind.open({ ...registry, directory });
}

/** A name that only this client and this purpose have, in a scope. */
export const nameFor = ({ kind }: NpmWalk, purpose: string): string =>
  `@acme/${kind.name.replace(' ', '')}-${purpose}`;

/** Publishes a library and what needs it; answers the names. */
export async function publishTwo(
  walk: NpmWalk,
  registry: NpmRegistry,
  purpose: string,
): Promise<{ readonly library: string; readonly tool: string }> {
  const [library, tool] = [nameFor(walk, `${purpose}-library`), nameFor(walk, `${purpose}-tool`)];
  const client = await openNpm(walk, registry);
  const plain = { name: library, version: '1.2.0', says: 'a library' };
  await client.publish(await writePackage(walk.space, plain));
  const needing = { name: tool, version: '1.0.0', dependencies: { [library]: '^1.0.0' }, says: 'a tool' };
  await client.publish(await writePackage(walk.space, needing));
  return { library, tool };
}

/** Installs `tool` with nothing known before; answers the project with its lock file. */
export async function installCold(
  walk: NpmWalk,
  registry: NpmRegistry,
  { library, tool }: { readonly library: string; readonly tool: string },
): Promise<string> {
  const project = await writeProject(walk.space, { [tool]: '^1.0.0' });
  await (await openNpm(walk, registry)).install(project);
  expect(await installed(project, tool)).toBe('1.0.0: a tool');
  expect(await installed(project, library, tool)).toBe('1.2.0: a library');
  return project;
}

/** Publishes, shows, installs, and installs again elsewhere from the lock file. */
export async function publishAndInstall(
  walk: NpmWalk,
  registry: NpmRegistry,
  purpose = 'first',
): Promise<void> {
  const names = await publishTwo(walk, registry, purpose);
  const client = await openNpm(walk, registry);
  expect(await client.view(names.tool, 'version')).toBe('1.0.0');
  expect(await client.view(names.tool, 'dist-tags')).toEqual({ latest: '1.0.0' });

  const project = await installCold(walk, registry, names);
  const elsewhere = await checkOut(walk.space, project);
  await (await openNpm(walk, registry)).ci(elsewhere);
  expect(await installed(elsewhere, names.library, names.tool)).toBe('1.2.0: a library');

  const added = await writeProject(walk.space);
  await (await openNpm(walk, registry)).add(added, `${names.library}@1.2.0`);
  expect(await installed(added, names.library)).toBe('1.2.0: a library');
}

/** What is there stays as it is, and whoever tries to change it reads why. */
export async function publishAgain(walk: NpmWalk, registry: NpmRegistry): Promise<void> {
  const name = nameFor(walk, 'again');
  const client = await openNpm(walk, registry);
  await client.publish(await writePackage(walk.space, { name, version: '1.0.0', says: 'first' }));
  const second = await writePackage(walk.space, { name, version: '1.0.0', says: 'second' });
  const refused = await (await openNpm(walk, registry)).publish(second).then(() => 'published', String);
  expect(refused).toMatch(walk.kind.refusesAgain);
  const project = await writeProject(walk.space, { [name]: '1.0.0' });
  await client.install(project);
  expect(await installed(project, name)).toBe('1.0.0: first');
}

/** Tags, deprecation and taking back, as far as the client can. */
export async function tagAndTakeBack(walk: NpmWalk, registry: NpmRegistry): Promise<void> {
  const name = nameFor(walk, 'tagged');
  const client = await openNpm(walk, registry);
  for (const [version, tag] of [
    ['1.0.0', 'latest'],
    ['2.0.0-rc.1', 'next'],
  ] as const)
    await client.publish(await writePackage(walk.space, { name, version, says: tag }), tag);
  const look = async (field: string): Promise<unknown> => (await openNpm(walk, registry)).view(name, field);
  expect(await look('dist-tags')).toEqual({ latest: '1.0.0', next: '2.0.0-rc.1' });
  const project = await writeProject(walk.space, { [name]: 'next' });
  await (await openNpm(walk, registry)).install(project);
  expect(await installed(project, name)).toBe('2.0.0-rc.1: next');

  if (client.tags !== undefined) {
    await client.tags.add(name, '2.0.0-rc.1', 'beta');
    await client.tags.remove(name, 'next');
    expect(await look('dist-tags')).toEqual({ latest: '1.0.0', beta: '2.0.0-rc.1' });
  }
  if (client.deprecate !== undefined) {
    await client.deprecate(`${name}@1.0.0`, 'take another');
    expect(await (await openNpm(walk, registry)).view(`${name}@1.0.0`, 'deprecated')).toBe('take another');
  }
  if (client.unpublish !== undefined) {
    await client.unpublish(`${name}@2.0.0-rc.1`);
    expect([await look('versions')].flat()).toEqual(['1.0.0']);
    expect(await look('dist-tags')).toEqual({ latest: '1.0.0' });
    await client.unpublish(name);
    expect(await look('version').then(JSON.stringify, String)).toMatch(/404|not found/i);
  }
}

/** Who one is, whether anybody is there, what can be found, what is wrong with what is installed. */
export async function askAround(walk: NpmWalk, registry: NpmRegistry, username: string): Promise<void> {
  const name = nameFor(walk, 'asked');
  const client = await openNpm(walk, registry);
  const folder = await writePackage(walk.space, { name, version: '1.0.0' });
  expect(await Bun.file(await client.pack(folder)).exists()).toBe(true);
  await client.publish(folder);
  if (client.whoami !== undefined) expect(await client.whoami()).toBe(username);
  await client.ping?.();
  if (client.search !== undefined) expect(await client.search(name)).toContain(name);
  if (client.audit === undefined) return;
  const project = await writeProject(walk.space, { [name]: '1.0.0' });
  await client.install(project);
  await client.audit(project);
}

/** Begins without a token, and has one afterwards, in every way that the client knows. */
export async function logIn(walk: NpmWalk, { url }: NpmRegistry, person: Person): Promise<void> {
  for (const way of ['withPassword', 'inBrowser'] as const) {
    const client = await openNpm(walk, { url });
    if (client.logIn?.[way] === undefined || client.whoami === undefined) continue;
    expect(await client.whoami().catch(() => 'nobody')).toBe('nobody');
    await client.logIn[way](person);
    expect(await client.whoami()).toBe(person.username);
  }
}

interface Cache {
  readonly walk: NpmWalk;
  /** The repository that caches, and the registry that it asks. */
  readonly cache: NpmRegistry;
  readonly upstream: NpmRegistry;
  /** Takes the upstream away. */
  readonly cut: () => void;
  readonly purpose: string;
}

/** Installs what others published, when nothing is cached, when all is, and when the upstream is away. */
export async function installThroughCache({ walk, cache, upstream, cut, purpose }: Cache): Promise<void> {
  const names = await publishTwo(walk, upstream, purpose);
  const project = await installCold(walk, cache, names);
  await installCold(walk, cache, names);

  cut();
  await installCold(walk, cache, names);
  const elsewhere = await checkOut(walk.space, project);
  await (await openNpm(walk, cache)).ci(elsewhere);
  expect(await installed(elsewhere, names.library, names.tool)).toBe('1.2.0: a library');
  const unknown = await writeProject(walk.space, { [nameFor(walk, 'never-asked-for')]: '*' });
  const refused = await (await openNpm(walk, cache)).install(unknown).then(() => 'installed', String);
  expect(refused).toMatch(/exit code [1-9]/);
}

interface Several {
  readonly walk: NpmWalk;
  /** The address of all, the member that is one's own, and the registry behind the other. */
  readonly virtual: NpmRegistry;
  readonly own: NpmRegistry;
  readonly others: NpmRegistry;
}

/** Installs one's own where others have a higher version of that name, and others' where one has none. */
export async function installOwnFirst({ walk, virtual, own, others }: Several): Promise<void> {
  const { space } = walk;
  const [name, theirs] = [nameFor(walk, 'in-both'), nameFor(walk, 'theirs')];
  const stranger = await openNpm(walk, others);
  for (const version of ['1.0.0', '99.0.0'])
    await stranger.publish(await writePackage(space, { name, version, says: 'not ours' }));
  await stranger.publish(await writePackage(space, { name: theirs, version: '3.0.0', says: 'theirs' }));
  await (
    await openNpm(walk, own)
  ).publish(await writePackage(space, { name, version: '1.0.0', says: 'ours' }));

  const project = await writeProject(space, { [name]: '>=1', [theirs]: '*' });
  const client = await openNpm(walk, virtual);
  await client.install(project);
  expect(await installed(project, name)).toBe('1.0.0: ours');
  expect(await installed(project, theirs)).toBe('3.0.0: theirs');
  expect([await client.view(name, 'versions')].flat()).toEqual(['1.0.0']);
  const exactly = await writeProject(space, { [name]: '99.0.0' });
  const refused = await (await openNpm(walk, virtual)).install(exactly).then(() => 'installed', String);
  expect(refused).toMatch(/exit code [1-9]/);
  const elsewhere = await checkOut(space, project);
  await (await openNpm(walk, virtual)).ci(elsewhere);
  expect(await installed(elsewhere, name)).toBe('1.0.0: ours');
}
