import type { CatalogReader, VersionRow } from '../../core/catalog.ts';
import type { IndexKind } from '../../core/index-kind.ts';
import { packumentOf } from './own-packument.ts';
import type { Packument } from './packument.ts';
import { ownVersion, packumentIndex } from './packument-index.ts';
import { revisionText } from './revision.ts';
import { allTags } from './rows.ts';

/**
 * As much of a packument as says what a version, or a tag, of it is: of what was published here one row is read, and of several
 * repositories nothing is merged. Of copies it is the packument itself, which is there already.
 */
export const versionIndex = (wanted: string): IndexKind<Packument> => ({
  ...packumentIndex,
  build: (catalog, key) => build(catalog, key.of, wanted),
  merge: (parts) => {
    // Tags are the first's that has any version, as in the whole.
    const [first] = parts;
    const found = parts.find(({ versions }) => versions.has(wanted)) ?? parts.find(hasVersions) ?? first;
    if (!found) throw new TypeError('there is nothing to merge');
    return found;
  },
});

async function build(catalog: CatalogReader, name: string, wanted: string): Promise<Packument | undefined> {
  const state = await catalog.packageState(name);
  if (!state) return undefined;
  const version = await catalog.version(name, wanted);
  const tags = version ? new Map<string, string>() : await allTags(catalog, name);
  const named = version ?? (await tagged(catalog, name, tags.get(wanted)));
  // Then one of all is meant.
  if (!named && wanted === 'latest') return packumentIndex.build(catalog, { of: name });
  const row = named ?? (await anyOf(catalog, name));
  const rows = row ? ownVersion(row) : [];
  const packument = await packumentOf(
    { name, revision: revisionText(state.revision), tags },
    (async function* one() {
      yield rows;
    })(),
  );
  return hasVersions(packument) ? packument : undefined;
}

const tagged = async (
  catalog: CatalogReader,
  name: string,
  version: string | undefined,
): Promise<VersionRow | undefined> => (version === undefined ? undefined : catalog.version(name, version));

/** Whoever has the package has the say over its tags, also over those that it has not. */
const anyOf = async (catalog: CatalogReader, name: string): Promise<VersionRow | undefined> =>
  (await catalog.versions(name, { limit: 1 })).rows[0];

const hasVersions = ({ versions }: Packument): boolean => versions.size > 0;
