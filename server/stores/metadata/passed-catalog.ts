import type { CatalogReader, FileRef, VersionLink } from '../../core/catalog.ts';
import type { Page } from '../../core/page.ts';

/** What another catalog has, for who has something to add to it. */
export class PassedCatalog implements CatalogReader {
  readonly #catalog: CatalogReader;

  constructor(catalog: CatalogReader) {
    this.#catalog = catalog;
  }

  packagesState(prefix: string) {
    return this.#catalog.packagesState(prefix);
  }
  namesRevision(prefix: string) {
    return this.#catalog.namesRevision(prefix);
  }
  packageState(pkg: string) {
    return this.#catalog.packageState(pkg);
  }
  search(words: readonly string[], page: { readonly limit: number; readonly skip: number }) {
    return this.#catalog.search(words, page);
  }
  owns(pkg: string) {
    return this.#catalog.owns(pkg);
  }
  file(ref: FileRef) {
    return this.#catalog.file(ref);
  }
  damaged(ref: FileRef) {
    return this.#catalog.damaged(ref);
  }
  version(pkg: string, version: string) {
    return this.#catalog.version(pkg, version);
  }
  files(prefix: string, page: Page) {
    return this.#catalog.files(prefix, page);
  }
  versions(pkg: string, page: Page) {
    return this.#catalog.versions(pkg, page);
  }
  tags(pkg: string, page: Page) {
    return this.#catalog.tags(pkg, page);
  }
  tagged(pkg: string, versions: readonly string[]) {
    return this.#catalog.tagged(pkg, versions);
  }
  versionNames(pkg: string, attribute: string) {
    return this.#catalog.versionNames(pkg, attribute);
  }
  untagged(pkg: string, page: Page) {
    return this.#catalog.untagged(pkg, page);
  }
  packages(prefix: string, page: Page) {
    return this.#catalog.packages(prefix, page);
  }
  folders(prefix: string, limit: number) {
    return this.#catalog.folders(prefix, limit);
  }
  linking(pkg: string, link: VersionLink, page: Page) {
    return this.#catalog.linking(pkg, link, page);
  }
  hasPackage(pkg: string) {
    return this.#catalog.hasPackage(pkg);
  }
}
