import { setImmediate } from 'node:timers/promises';
import type {
  CatalogReader,
  FileEntry,
  FileRef,
  Found,
  PackageState,
  StoredFile,
  TaggedVersion,
  TagRow,
  VersionLink,
  VersionRow,
} from '../core/catalog.ts';
import type { Authorizer, MaySee, Principal, ResourceName, Within } from '../core/iam.ts';
import type { Page, Slice } from '../core/page.ts';
import type { Permission } from '../core/permissions.ts';
import { foldersUnder } from './folders.ts';
import { versionNames } from './version-names.ts';

/** Rows read at once; between two lots other requests have their turn. */
const LOT = 500;

/** A catalog as somebody may see it: what they may not is not there, and pages are as full as they would be without it. */
export class VisibleCatalog implements CatalogReader {
  readonly #catalog: CatalogReader;
  readonly #may: MaySee;

  constructor(catalog: CatalogReader, may: MaySee) {
    this.#catalog = catalog;
    this.#may = may;
  }

  async file(ref: FileRef): Promise<StoredFile | undefined> {
    const stored = await this.#catalog.file(ref);
    if (!stored) return undefined;
    const tag = ref.tag === undefined ? {} : { tag: ref.tag };
    return (await this.#may({ ...stored.coordinates, ...tag })) ? stored : undefined;
  }

  async damaged(ref: FileRef): Promise<boolean> {
    if (!(await this.#catalog.damaged(ref))) return false;
    const tag = ref.tag === undefined ? {} : { tag: ref.tag };
    return this.#may({ ...ref.coordinates, ...tag });
  }

  files(prefix: string, page: Page): Promise<Slice<FileEntry>> {
    return this.#page(
      page,
      (lot) => this.#catalog.files(prefix, lot),
      ({ path, coordinates = {} }) => ({ key: path, within: coordinates }),
    );
  }

  async version(pkg: string, version: string): Promise<VersionRow | undefined> {
    return (await this.#may({ package: pkg, version })) ? this.#catalog.version(pkg, version) : undefined;
  }

  versions(pkg: string, page: Page): Promise<Slice<VersionRow>> {
    return this.#page(page, (lot) => this.#catalog.versions(pkg, lot), versionOf);
  }

  versionNames(pkg: string, attribute: string): AsyncIterable<readonly string[]> {
    return versionNames(this, pkg, attribute);
  }

  untagged(pkg: string, page: Page): Promise<Slice<VersionRow>> {
    return this.#page(page, (lot) => this.#catalog.untagged(pkg, lot), versionOf);
  }

  linking(pkg: string, link: VersionLink, page: Page): Promise<Slice<VersionRow>> {
    return this.#page(page, (lot) => this.#catalog.linking(pkg, link, lot), versionOf);
  }

  tags(pkg: string, page: Page): Promise<Slice<TagRow>> {
    return this.#page(
      page,
      (lot) => this.#catalog.tags(pkg, lot),
      ({ tag, version }) => ({ key: tag, within: { package: pkg, version, tag } }),
    );
  }

  packages(prefix: string, page: Page): Promise<Slice<string>> {
    return this.#page(
      page,
      (lot) => this.#catalog.packages(prefix, lot),
      (name) => ({ key: name, within: { package: name } }),
    );
  }

  /** A version that may not be seen by itself may be by one of its tags. */
  async tagged(pkg: string, versions: readonly string[]): Promise<readonly TaggedVersion[]> {
    const seen: TaggedVersion[] = [];
    for (const row of await this.#catalog.tagged(pkg, versions)) {
      const { version } = row;
      const tags: string[] = [];
      for (const tag of row.tags) if (await this.#may({ package: pkg, version, tag })) tags.push(tag);
      if (tags.length > 0 || (await this.#may({ package: pkg, version }))) seen.push({ ...row, tags });
    }
    return seen;
  }

  folders(prefix: string, limit: number): Promise<readonly string[]> {
    return foldersUnder(prefix, limit, async (page) => (await this.packages(prefix, page)).rows);
  }

  hasPackage(pkg: string): Promise<boolean> {
    return this.#catalog.hasPackage(pkg);
  }

  packagesState(prefix: string): Promise<string | undefined> {
    return this.#catalog.packagesState(prefix);
  }

  namesRevision(prefix: string): Promise<number | undefined> {
    return this.#catalog.namesRevision(prefix);
  }

  async packageState(pkg: string): Promise<PackageState | undefined> {
    return (await this.#may({ package: pkg })) ? this.#catalog.packageState(pkg) : undefined;
  }

  /** As many as are seen of a page; how many there are in all nobody is told who may not see them. */
  async search(
    words: readonly string[],
    { limit, skip }: { readonly limit: number; readonly skip: number },
  ): Promise<Found> {
    const seen: string[] = [];
    for (let from = 0; seen.length < skip + limit; from += LOT) {
      const { packages } = await this.#catalog.search(words, { limit: LOT, skip: from });
      for (const name of packages) if (await this.#may({ package: name })) seen.push(name);
      if (packages.length < LOT) break;
      await setImmediate();
    }
    return { packages: seen.slice(skip, skip + limit), total: seen.length };
  }

  owns(pkg: string): Promise<boolean> {
    return this.#catalog.owns(pkg);
  }

  async #page<T>(
    { limit, after }: Page,
    read: (lot: Page) => Promise<Slice<T>>,
    placed: (row: T) => { readonly key: string; readonly within: Within },
  ): Promise<Slice<T>> {
    const seen: T[] = [];
    if (limit === 0) return { rows: seen, more: false };
    for (let [from, size] = [after, Math.min(limit + 1, LOT)]; ; size = LOT) {
      const { rows, more } = await read({ limit: size, ...(from !== undefined && { after: from }) });
      for (const row of rows) {
        const { key, within } = placed(row);
        from = key;
        if (!(await this.#may(within))) continue;
        if (seen.length === limit) return { rows: seen, more: true };
        seen.push(row);
      }
      if (!more) return { rows: seen, more: false };
      await setImmediate();
    }
  }
}

const versionOf = (row: VersionRow) => ({
  key: row.version,
  within: { package: row.package, version: row.version },
});

/** What of a resource a caller may see who holds the permission on some of it. */
export const seeing =
  (authorizer: Pick<Authorizer, 'check'>, who: Principal, permission: Permission, on: ResourceName): MaySee =>
  async (within) =>
    (await authorizer.check(who, permission, on, within)).allow;

/** A repository's catalog as a caller may read it; nothing where that is nothing. */
export async function readableCatalog(
  authorizer: Authorizer,
  who: Principal,
  permission: Permission,
  on: ResourceName,
  catalog: () => CatalogReader,
): Promise<CatalogReader | undefined> {
  const extent = await authorizer.extent(who, permission, on, {});
  if (extent === 'none') return undefined;
  return extent === 'all'
    ? catalog()
    : new VisibleCatalog(catalog(), seeing(authorizer, who, permission, on));
}
