import { expect } from 'bun:test';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scratch } from '../harness/scratch.ts';
import { GoClient, type GoClientKind, type GoProxy } from './go-client.ts';

/** A client that is taken through repositories, each time with nothing that it knows from before. */
export interface GoWalk {
  readonly kind: GoClientKind;
  readonly space: Scratch;
}

export async function openGo({ kind, space }: GoWalk, proxy: GoProxy): Promise<GoClient> {
  const directory = join(space.path, `stage-${crypto.randomUUID().slice(0, 8)}`);
  await mkdir(directory);
  return GoClient.open(kind, { ...proxy, directory, builds: join(space.path, 'builds') });
}

interface Library {
  readonly module: string;
  readonly version: string;
  readonly says: string;
  /** Another module, as in go.mod: `example.com/lib v1.0.0`. */
  readonly needs?: string;
}

/** Publishes a module whose one function tells who it is, and what it needs. */
async function publish(
  walk: GoWalk,
  proxy: GoProxy,
  { module, version, says, needs }: Library,
): Promise<void> {
  const folder = join(walk.space.path, `source-${crypto.randomUUID().slice(0, 8)}`);
  await mkdir(folder);
  const [needed] = needs?.split(' ') ?? [];
  await writeFile(
    join(folder, 'go.mod'),
    `module ${module}\n\ngo 1.21\n${needs === undefined ? '' : `\nrequire ${needs}\n`}`,
  );
  const own = JSON.stringify(`${version}: ${says}`);
  await writeFile(
    join(folder, 'lib.go'),
    [
      'package lib',
      ...(needed === undefined ? [] : ['', `import needed ${JSON.stringify(needed)}`]),
      '',
      `func Says() string { return ${own}${needed === undefined ? '' : ' + " on " + needed.Says()'} }`,
      '',
    ].join('\n'),
  );
  await (await openGo(walk, proxy)).publish(folder, module, version);
}

/** Go knows upper and lower case, which addresses write in a way of their own. */
const nameFor = ({ kind }: GoWalk, purpose: string): string =>
  `example.com/Team/${purpose}-${kind.name.replaceAll(/[^A-Za-z]+/g, '-')}`;

async function publishThree(walk: GoWalk, proxy: GoProxy, purpose: string): Promise<readonly string[]> {
  const [library, tool] = [nameFor(walk, `${purpose}-library`), nameFor(walk, `${purpose}-tool`)];
  await publish(walk, proxy, { module: library, version: 'v1.2.0', says: 'a library' });
  await publish(walk, proxy, { module: `${library}/v2`, version: 'v2.0.0-beta.1', says: 'the next' });
  await publish(walk, proxy, { module: tool, version: 'v1.0.0', says: 'a tool', needs: `${library} v1.2.0` });
  return [tool, `${library}/v2`];
}

const getBoth = async (walk: GoWalk, proxy: GoProxy, modules: readonly string[]): Promise<void> => {
  const said = await (await openGo(walk, proxy)).say(modules);
  expect(said).toBe('v1.0.0: a tool on v1.2.0: a library\nv2.0.0-beta.1: the next\n');
};

/** Publishes, and gets with what it needs, by number, and for a program to be installed. */
export async function publishAndGet(walk: GoWalk, proxy: GoProxy, purpose = 'published'): Promise<void> {
  const modules = await publishThree(walk, proxy, purpose);
  await getBoth(walk, proxy, modules);
  const client = await openGo(walk, proxy);
  const [tool = ''] = modules;
  expect(await client.go(['list', '-m', '-versions', `${tool}@latest`])).toBe(`${tool} v1.0.0\n`);
  const downloaded = JSON.parse(await client.go(['mod', 'download', '-json', `${tool}@v1.0.0`])) as object;
  expect(downloaded).toMatchObject({ Path: tool, Version: 'v1.0.0', Sum: expect.stringContaining('h1:') });
}

/** What is there stays as it is, and whoever tries to change it reads why; what is not there is told in the words of the server. */
export async function publishAgain(walk: GoWalk, proxy: GoProxy): Promise<void> {
  const module = nameFor(walk, 'again');
  await publish(walk, proxy, { module, version: 'v1.0.0', says: 'first' });
  await publish(walk, proxy, { module, version: 'v1.0.0', says: 'first' });
  const again = publish(walk, proxy, { module, version: 'v1.0.0', says: 'second' });
  expect(await again.then(() => 'published', String)).toContain(
    `${module}@v1.0.0 already exists with other content`,
  );
  expect(await (await openGo(walk, proxy)).say([module])).toBe('v1.0.0: first\n');
  const other = (await openGo(walk, proxy)).say([`${module}@v9.0.0`]);
  expect(await other.then(() => 'there', String)).toMatch(
    /v9\.0\.0[^]*(?:not found|unknown revision|should be v0 or v1)/,
  );
}

interface Cache {
  readonly walk: GoWalk;
  readonly cache: GoProxy;
  readonly upstream: GoProxy;
  /** Takes the upstream away. */
  readonly cut: () => void;
}

/** Gets what others published, when nothing is cached, when all is, and when the upstream is away. */
export async function getThroughCache({ walk, cache, upstream, cut }: Cache): Promise<void> {
  const modules = await publishThree(walk, upstream, 'cached');
  await getBoth(walk, cache, modules);
  await getBoth(walk, cache, modules);
  cut();
  await getBoth(walk, cache, modules);
  const unknown = (await openGo(walk, cache)).say([nameFor(walk, 'never-asked-for')], {
    GOPROXY: `${cache.url},off`,
  });
  expect(await unknown.then(() => 'there', String)).toContain('server response:');
}

interface Several {
  readonly walk: GoWalk;
  /** The address of all, the member that is one's own, and the proxy behind the other. */
  readonly virtual: GoProxy;
  readonly own: GoProxy;
  readonly others: GoProxy;
}

/** Gets one's own where others have a higher version of it, and others' where one has none. */
export async function getOwnFirst({ walk, virtual, own, others }: Several): Promise<void> {
  const [module, theirs] = [nameFor(walk, 'in-both'), nameFor(walk, 'theirs')];
  await publish(walk, others, { module, version: 'v1.99.0', says: 'not ours' });
  await publish(walk, others, { module: theirs, version: 'v0.3.0', says: 'theirs' });
  await publish(walk, own, { module, version: 'v1.0.0', says: 'ours' });
  expect(await (await openGo(walk, virtual)).say([module, theirs])).toBe('v1.0.0: ours\nv0.3.0: theirs\n');
}
