import { createHash } from 'node:crypto';
import { invalid, type RegistryError } from '../../core/error.ts';
import {
  type RandomAccess,
  readZip,
  readZipEntry,
  ZIP_LIMITS,
  type ZipEntry,
} from '../../lib/zip-archive.ts';
import { zipContent } from '../../lib/zip-content.ts';
import { LARGEST_GO_MOD, madeUp, modulePathIn } from './go-mod.ts';
import { wrongFilePath } from './paths.ts';

/** Bytes of a zip, and of all that is in it (golang.org/x/mod/zip). */
export const LARGEST_ZIP = 500 * 1024 * 1024;
const LARGEST_LICENSE = 16 * 1024 * 1024;
const LIMITS = { ...ZIP_LIMITS, inflated: LARGEST_ZIP, ratio: Number.POSITIVE_INFINITY };

/** A module's zip that keeps the rules (go.dev/ref/mod#zip-path-size-constraints). */
export interface ModuleZip {
  readonly module: string;
  readonly version: string;
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** As it is in the zip, or made up for a module that has none. */
  readonly goMod: Uint8Array<ArrayBuffer>;
  readonly hasGoMod: boolean;
}

/** Reads a zip whose entries say which version of which module it is. INVALID_ARGUMENT for one that the go command would refuse. */
export async function readModuleZip(archive: RandomAccess): Promise<ModuleZip> {
  const entries = await readZip(archive, LIMITS);
  const prefix = prefixOf(entries.keys());
  const at = prefix.lastIndexOf('@');
  const [module, version] = [prefix.slice(0, at), prefix.slice(at + 1, -1)];
  const names = [...entries.values()].map((entry) => ({ entry, name: entry.name.slice(prefix.length) }));
  const paths = new Paths();
  for (const { entry, name } of names) {
    if (!entry.name.startsWith(prefix))
      throw refuse(entry.name, `path does not have prefix ${JSON.stringify(prefix)}`);
    if (name !== '') checkEntry(entry, name, paths);
  }
  const found = entries.get(`${prefix}go.mod`);
  const goMod = found
    ? await readZipEntry(archive, found, LARGEST_GO_MOD)
    : new Uint8Array(Buffer.from(madeUp(module)));
  return { module, version, entries, goMod, hasGoMod: found !== undefined };
}

/** `MODULE@VERSION/`, in front of the first entry's name: a file name may have an @, too, but a version has no slash. */
function prefixOf(names: Iterable<string>): string {
  const [first = ''] = names;
  const prefix = /^[^@]+@[^/@]+\//.exec(first)?.[0];
  if (prefix !== undefined) return prefix;
  throw invalid(
    'ZIP_INVALID',
    first === ''
      ? 'the module zip is empty'
      : `the entries of a module zip are called MODULE@VERSION/PATH, and ${JSON.stringify(first.slice(0, 200))} is not`,
  );
}

function checkEntry({ name: full, size }: ZipEntry, name: string, paths: Paths): void {
  const isFolder = name.endsWith('/');
  const path = isFolder ? name.slice(0, -1) : name;
  const why = wrongFilePath(path);
  if (why !== undefined) throw refuse(full, why);
  const clash = paths.add(path, isFolder);
  if (clash !== undefined) throw refuse(full, clash);
  if (isFolder) return;
  if (path.slice(path.lastIndexOf('/') + 1).toLowerCase() === 'go.mod') {
    if (path.includes('/')) throw refuse(full, 'go.mod file not in module root directory');
    if (path !== 'go.mod') throw refuse(full, 'go.mod files must have lowercase names');
    if (size > LARGEST_GO_MOD)
      throw refuse(full, `go.mod file too large (max size is ${LARGEST_GO_MOD} bytes)`);
  }
  if (path === 'LICENSE' && size > LARGEST_LICENSE)
    throw refuse(full, `LICENSE file too large (max size is ${LARGEST_LICENSE} bytes)`);
}

interface Node {
  /** As it is written where it was first. */
  readonly name: string;
  /** What is in it, by folded names; absent for a file. */
  readonly inside?: Map<string, Node>;
}

/** Files and folders in a module: a few hundred bytes of a list of entries can name a hundred folders. */
const MOST_PATHS = 400_000;

/** Paths that must differ in more than case, since there are file systems that see nothing else. A tree, so that a path costs its length. */
class Paths {
  readonly #top = new Map<string, Node>();
  #count = 0;

  /** Why it clashes with another. */
  add(path: string, isFolder: boolean): string | undefined {
    let inside = this.#top;
    const names = path.split('/');
    for (const [at, name] of names.entries()) {
      const folded = name.toUpperCase().toLowerCase();
      const known = inside.get(folded);
      const isLast = at === names.length - 1;
      if (known && known.name !== name)
        return `case-insensitive file name collision: ${JSON.stringify([...names.slice(0, at), known.name].join('/').slice(0, 200))}`;
      if (known && (!known.inside || (isLast && !isFolder))) return 'it is both a file and a directory';
      this.#count += known ? 0 : 1;
      if (this.#count > MOST_PATHS) return `there are more than ${MOST_PATHS} files and directories`;
      const node: Node = known ?? { name, ...((!isLast || isFolder) && { inside: new Map() }) };
      if (!known) inside.set(folded, node);
      if (node.inside) inside = node.inside;
    }
    return undefined;
  }
}

/** What a module's own `go.mod` says must be what it is called. */
export function checkGoMod({ module, version, goMod, hasGoMod }: ModuleZip): void {
  if (!hasGoMod) return;
  const said = modulePathIn(new TextDecoder().decode(goMod));
  if (said !== module)
    throw invalid(
      'GO_MOD_INVALID',
      said === undefined
        ? `go.mod has no module line: it must say module ${module}`
        : `go.mod says that the module is ${JSON.stringify(said.slice(0, 200))}, and its zip that it is ${module}`,
    );
  if (version.endsWith('+incompatible'))
    throw invalid(
      'GO_MOD_INVALID',
      `a module with a go.mod is not +incompatible: end its path in /vN for ${version}`,
    );
}

/** What `go.sum` has of a zip: `h1:…` (golang.org/x/mod/sumdb/dirhash, Hash1). Reads all of it. */
export async function zipHash(
  archive: RandomAccess,
  entries: ReadonlyMap<string, ZipEntry>,
): Promise<string> {
  const lines: [name: string, hex: string][] = [];
  for (const entry of entries.values()) {
    if (entry.name.endsWith('/')) continue;
    const hash = createHash('sha256');
    for await (const piece of zipContent(archive, entry)) hash.update(piece);
    lines.push([entry.name, hash.digest('hex')]);
  }
  return hashOf(lines);
}

/** The same of a `go.mod`. */
export const modHash = (goMod: Uint8Array): string =>
  hashOf([['go.mod', createHash('sha256').update(goMod).digest('hex')]]);

function hashOf(files: readonly (readonly [name: string, hex: string])[]): string {
  const sorted = files.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const text = sorted.map(([name, hex]) => `${hex}  ${name}\n`).join('');
  return `h1:${createHash('sha256').update(text).digest('base64')}`;
}

const refuse = (name: string, why: string): RegistryError =>
  invalid('ZIP_INVALID', `the module zip is not taken: ${JSON.stringify(name.slice(0, 200))}: ${why}`);
