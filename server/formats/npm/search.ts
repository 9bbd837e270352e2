import type { CatalogReader } from '../../core/catalog.ts';
import { isNotFound } from '../../core/error.ts';
import type { Query } from '../../core/format.ts';
import { defineIndex, type IndexKey } from '../../core/index-kind.ts';
import { fromAttributes, type Manifest, ofPackage } from './attributes.ts';
import { allVersions } from './rows.ts';
import { latestOf } from './versions.ts';

const USUAL = 20;
const MOST = 250;
const MOST_WORDS = 10;

/** What a search shows of a package. */
interface Summary {
  readonly name: string;
  readonly version: string;
  readonly manifest: Manifest;
  readonly maintainers: readonly unknown[];
  /** Milliseconds since the epoch. */
  readonly publishedAt: number;
}

/** The version that a package's name alone stands for. */
const summaryIndex = defineIndex<Summary>({
  name: 'npm.summary',
  build,
  merge: ([first]) => {
    if (!first) throw new TypeError('there is nothing to merge');
    return first;
  },
  render: (value) => ({ contentType: 'application/json', body: JSON.stringify(shown(value)) }),
});

async function build(catalog: CatalogReader, { of: name }: IndexKey): Promise<Summary | undefined> {
  const version = await latestVersion(catalog, name);
  const row = version === undefined ? undefined : await catalog.version(name, version);
  if (!row) return undefined;
  const state = await catalog.packageState(name);
  return {
    name,
    version: row.version,
    manifest: fromAttributes(row.attributes).manifest ?? {},
    maintainers: ofPackage(state?.attributes ?? {}).maintainers ?? [],
    publishedAt: row.createdAt,
  };
}

async function latestVersion(catalog: CatalogReader, name: string): Promise<string | undefined> {
  const ref = { path: `${name}/latest`, freshness: 'revalidate', tag: 'latest' } as const;
  const tagged = await catalog.file({ ...ref, coordinates: { package: name } });
  if (tagged) return tagged.coordinates?.version;
  const versions: string[] = [];
  for await (const rows of allVersions(catalog, name)) versions.push(...rows.map(({ version }) => version));
  return latestOf(versions);
}

/** GET /-/v1/search */
export async function search({ query, repo }: Query): Promise<Response> {
  const limit = whole(query.get('size'), USUAL, MOST);
  const skip = whole(query.get('from'), 0, Number.MAX_SAFE_INTEGER);
  const found = await repo.search(wordsOf(query.get('text') ?? ''), { limit, skip });
  const objects: object[] = [];
  for (const name of found.packages) {
    const part = await repo.index(summaryIndex, { of: name }).catch(unlessGone);
    const summary = part && (await part.value().catch(unlessGone));
    if (summary) objects.push(shown(summary));
  }
  return Response.json({ objects, total: found.total });
}

const shown = ({ name, version, manifest, maintainers, publishedAt }: Summary) => {
  const { description, keywords, homepage, repository, bugs, author, license } = manifest;
  const links = { homepage, repository: urlOf(repository), bugs: urlOf(bugs) };
  const scope = name.startsWith('@') ? name.slice(1, name.indexOf('/')) : 'unscoped';
  return {
    package: {
      name,
      scope,
      version,
      description,
      keywords: Array.isArray(keywords) ? keywords : [],
      date: new Date(publishedAt).toISOString(),
      links,
      author,
      license,
      maintainers: maintainers.map(asUser),
    },
    // What is here is not weighed: the order says which fits best.
    score: { final: 1, detail: { quality: 1, popularity: 1, maintenance: 1 } },
    searchScore: 1,
  };
};

/** Results call a person's name `username`, which clients print without asking whether it is there. */
function asUser(person: unknown): object {
  if (typeof person !== 'object' || person === null) return { username: String(person) };
  const { name, email } = person as { readonly name?: unknown; readonly email?: unknown };
  return { username: typeof name === 'string' ? name : '', email };
}

const urlOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'url' in value ? value.url : value;

/** Words as they are looked for; what stands before a colon says what a word is of, and all are looked for everywhere. */
const wordsOf = (text: string): readonly string[] =>
  text
    .split(/[\s,]+/)
    .filter((word) => !/^(?:is|not|boost-exact|[a-z]+-weight):/.test(word))
    .map((word) => word.replace(/^(?:keywords|author|maintainer|scope):/, ''))
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
    .slice(0, MOST_WORDS);

function whole(text: string | null, otherwise: number, most: number): number {
  const value = Number(text ?? otherwise);
  return Number.isSafeInteger(value) && value >= 0 ? Math.min(value, most) : otherwise;
}

const unlessGone = (error: unknown): undefined => {
  if (!isNotFound(error)) throw error;
};
