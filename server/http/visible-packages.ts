import type { CatalogReader } from '../core/catalog.ts';
import type { Authorizer, Principal } from '../core/iam.ts';
import type { Page, Slice } from '../core/page.ts';
import { type RepositoryDirectory, type RepositoryRow, repositoryName } from '../core/repository.ts';
import { readableCatalog } from '../lib/visible-catalog.ts';

interface VisiblePackagesOptions {
  readonly directory: RepositoryDirectory;
  readonly authorizer: Authorizer;
  readonly who: Principal;
  /** A Format's id. */
  readonly format: string;
  /** Only what is there, where the client asked in one location. */
  readonly location: string | undefined;
  /** A repository's address as this client writes it. */
  readonly address: (repository: RepositoryRow) => string;
  readonly catalog: (repository: RepositoryRow) => CatalogReader;
}

/**
 * One page of package addresses over all repositories that the caller may read something of, in byte order, without
 * looking at those before it.
 */
export async function visiblePackages(options: VisiblePackagesOptions, page: Page): Promise<Slice<string>> {
  const { directory, format, location, address } = options;
  const addressed = (await directory.ofFormat(format))
    .filter((repository) => location === undefined || repository.location === location)
    .map((repository) => ({ repository, prefix: `${address(repository)}/` }))
    .sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
  const rows: string[] = [];
  for (const { repository, prefix } of addressed) {
    const inside = page.after?.startsWith(prefix) ?? false;
    if (page.after !== undefined && !inside && page.after > prefix) continue;
    const catalog = await readable(options, repository);
    if (!catalog) continue;
    const after = inside ? page.after?.slice(prefix.length) : undefined;
    const limit = page.limit + 1 - rows.length;
    const found = await catalog.packages('', after ? { limit, after } : { limit });
    rows.push(...found.rows.map((name) => prefix + name));
    if (rows.length > page.limit) break;
  }
  return { rows: rows.slice(0, page.limit), more: rows.length > page.limit };
}

const readable = (
  { authorizer, who, catalog }: VisiblePackagesOptions,
  repository: RepositoryRow,
): Promise<CatalogReader | undefined> =>
  readableCatalog(
    authorizer,
    who,
    'artifactregistry.repositories.downloadArtifacts',
    repositoryName(repository),
    () => catalog(repository),
  );
