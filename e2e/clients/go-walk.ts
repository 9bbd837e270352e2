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
  /** Whether it is a program, which says the same when it runs. */
  readonly isProgram?: boolean;
}

/** Publishes a module whose one function tells who it is, and what it needs; or a program. */
async function publish(
  walk: GoWalk,
  proxy: GoProxy,
  { module, version, says, needs, isProgram = false }: Library,
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
      isProgram ? 'package main' : 'package lib',
      ...(needed === undefined ? [] : ['', `import needed ${JSON.stringify(needed)}`]),
      '',
      `func Says() string { return ${own}${needed === undefined ? '' : ' + " on " + needed.Says()'} }`,
      ...(isProgram ? ['', 'func main() { println(Says()) }'] : []),
      '',
    ].join('\n'),
  );
  await (await openGo(walk, proxy)).publish(folder, module, version);
}

/** Go knows upper and lower case, which addresses write in a way of their own. */
const nameFor = ({ kind }: GoWalk, purpose: string): string =>
  `example.com/Team/${purpose}-${kind.name.replaceAll(/[^A-Za-z]+/g, '-')}`;

/** What was published together. */
interface Published {
  readonly modules: readonly [tool: string, next: string];
  readonly program: string;
}

async function publishFour(walk: GoWalk, proxy: GoProxy, purpose: string): Promise<Published> {
  const [library, tool] = [nameFor(walk, `${purpose}-library`), nameFor(walk, `${purpose}-tool`)];
  const program = nameFor(walk, `${purpose}-program`);
  const needs = `${library} v1.2.0`;
  await publish(walk, proxy, { module: library, version: 'v1.2.0', says: 'a library' });
  await publish(walk, proxy, { module: `${library}/v2`, version: 'v2.0.0-beta.1', says: 'the next' });
  await publish(walk, proxy, { module: tool, version: 'v1.0.0', says: 'a tool', needs });
  await publish(walk, proxy, { module: program, version: 'v0.4.0', says: 'runs', needs, isProgram: true });
  return { modules: [tool, `${library}/v2`], program };
}

/** As a library of another, and to be run. */
async function getAll(walk: GoWalk, proxy: GoProxy, { modules, program }: Published): Promise<void> {
  expect(await (await openGo(walk, proxy)).say(modules)).toBe(
    'v1.0.0: a tool on v1.2.0: a library\nv2.0.0-beta.1: the next\n',
  );
  expect(await (await openGo(walk, proxy)).install(`${program}@latest`)).toBe(
    'v0.4.0: runs on v1.2.0: a library\n',
  );
}

/** Publishes, and gets with what it needs, by number, and for a program to be installed. */
export async function publishAndGet(walk: GoWalk, proxy: GoProxy, purpose = 'published'): Promise<void> {
  const published = await publishFour(walk, proxy, purpose);
  await getAll(walk, proxy, published);
  const client = await openGo(walk, proxy);
  const [tool] = published.modules;
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
  const published = await publishFour(walk, upstream, 'cached');
  await getAll(walk, cache, published);
  await getAll(walk, cache, published);
  cut();
  await getAll(walk, cache, published);
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
