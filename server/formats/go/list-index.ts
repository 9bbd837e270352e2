import type { CatalogReader } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import { defineKeptIndex, type IndexKey } from '../../core/index-kind.ts';
import { everyVersion } from './every-version.ts';
import { escaped } from './names.ts';
import { isCanonical, isPseudo, sortVersions } from './versions.ts';

/** Seconds. */
const MAX_AGE = 60;
const LARGEST_LIST = 16 * 1024 * 1024;
export const TEXT = 'text/plain; charset=utf-8';

/** The versions of a module, in order, without those that stand for commits. A module may have none of them. */
export const listIndex = defineKeptIndex<readonly string[]>({
  name: 'go.list',
  build,
  upstream: {
    target: ({ of: module }) => ({ target: `${escaped(module)}/@v/list` }),
    maxBytes: LARGEST_LIST,
    parse: (body) => parseList(body),
    package: ({ of: module }) => module,
    maxAge: MAX_AGE,
  },
  merge: (parts) => sortVersions(parts.flat()),
  versions: (list) => list.map((version) => ({ version })),
  prune: (list, keep) => list.filter(keep),
  documents: (list) => [{ variant: 'list', contentType: TEXT, body: [renderList(list)] }],
});

async function build(
  catalog: CatalogReader,
  { of: module }: IndexKey,
): Promise<readonly string[] | undefined> {
  const rows = await everyVersion(catalog, module);
  if (rows.length === 0) return undefined;
  return sortVersions(rows.map(({ version }) => version).filter(isListed));
}

const isListed = (version: string): boolean => isCanonical(version) && !isPseudo(version);

export const renderList = (versions: readonly string[]): string =>
  versions.map((version) => `${version}\n`).join('');

/** What is in an upstream's list, without what has no place there. DATA_LOSS for a page that is none. */
export function parseList(bytes: Uint8Array): readonly string[] {
  const text = new TextDecoder().decode(bytes);
  if (/^\s*[<{]/.test(text))
    throw new RegistryError(
      'DATA_LOSS',
      'LIST_INVALID',
      'the upstream’s list of versions is another document',
    );
  // What stands behind a version is for others.
  const words = text.split('\n').map((line) => /^\s*(\S+)/.exec(line)?.[1] ?? '');
  return sortVersions(words.filter(isListed));
}
