import { describe, expect, test } from 'bun:test';
import { array, assert, asyncProperty, constantFrom, dictionary, record, subarray } from 'fast-check';
import type { CatalogReader, VersionRow } from '../../core/catalog.ts';
import type { IndexKind } from '../../core/index-kind.ts';
import type { Page, Slice } from '../../core/page.ts';
import { toAttributes } from './attributes.ts';
import type { Packument } from './packument.ts';
import { packumentIndex, urlsOf } from './packument-index.ts';
import { renderVersion } from './render-packument.ts';
import { versionIndex } from './version-index.ts';

const NAME = 'left';
const VERSIONS = ['1.0.0', '1.5.0-rc.1', '2.0.0', '10.0.0'];
const TAGS = ['latest', 'next', 'old'];

interface Has {
  readonly versions: readonly string[];
  /** Some name a version that is not there, as where it may not be seen. */
  readonly tags: Readonly<Record<string, string>>;
}

const has = record<Has>({
  versions: subarray(VERSIONS),
  tags: dictionary(constantFrom(...TAGS), constantFrom(...VERSIONS)),
});

/** A repository with one package, and how many rows of versions were read of it. */
class Shelf {
  rows = 0;
  readonly #has: Has;
  readonly #name: string;

  constructor(name: string, shelf: Has) {
    this.#name = name;
    this.#has = shelf;
  }

  get catalog(): CatalogReader {
    const stored: Pick<CatalogReader, 'packageState' | 'version' | 'versions' | 'tags'> = {
      packageState: async () => ({ id: 1, revision: 1, attributes: {}, createdAt: 0, updatedAt: 0 }),
      version: async (_, version) => (this.#has.versions.includes(version) ? this.#row(version) : undefined),
      versions: async (_, page) => {
        const { rows, more } = pageOf(this.#has.versions, page);
        return { rows: rows.map((version) => this.#row(version)), more };
      },
      tags: async (_, page) => {
        const { rows, more } = pageOf(Object.keys(this.#has.tags), page);
        return { rows: rows.map((tag) => ({ tag, version: this.#has.tags[tag] ?? '' })), more };
      },
    };
    return stored as CatalogReader;
  }

  #row(version: string): VersionRow {
    this.rows += 1;
    const manifest = { name: NAME, version, description: this.#name };
    const attributes = toAttributes({ manifest, dist: { shasum: '0'.repeat(40) } });
    return { package: NAME, version, attributes, size: 1, createdAt: 0 };
  }
}

function pageOf(all: readonly string[], { limit, after = '' }: Page): Slice<string> {
  const rest = all.filter((name) => name > after).sort();
  return { rows: rest.slice(0, limit), more: rest.length > limit };
}

async function shown(
  kind: IndexKind<Packument>,
  shelves: readonly Shelf[],
  wanted: string,
): Promise<string | undefined> {
  const built = await Promise.all(shelves.map(({ catalog }) => kind.build(catalog, { of: NAME })));
  const parts = built.filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  return renderVersion(kind.merge(parts, { of: NAME }), wanted, urlsOf(NAME, 'http://here'));
}

describe('one version', () => {
  test('is what the packument of all repositories says of it', async () => {
    const wanted = constantFrom(...VERSIONS, ...TAGS, '3.0.0', 'none');
    await assert(
      asyncProperty(array(has, { maxLength: 3 }), wanted, async (repositories, version) => {
        const shelves = repositories.map((each, at) => new Shelf(`r${at}`, each));
        expect(await shown(versionIndex(version), shelves, version)).toBe(
          await shown(packumentIndex, shelves, version),
        );
      }),
    );
  });

  test.each(['1.0.0', 'latest', 'next', '3.0.0', 'none'])('%s takes one row', async (wanted) => {
    const shelf = new Shelf('r', { versions: VERSIONS, tags: { latest: '2.0.0', next: '10.0.0' } });
    await shown(versionIndex(wanted), [shelf], wanted);
    expect(shelf.rows).toBe(1);
  });
});
