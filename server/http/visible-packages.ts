import type { CatalogReader } from '../core/catalog.ts';
import type { Authorizer } from '../core/iam.ts';
import type { Page, Slice } from '../core/page.ts';
import { type RepositoryDirectory, type RepositoryRow, repositoryName } from '../core/repository.ts';

interface VisiblePackagesOptions {
  readonly repositories: readonly RepositoryRow[];
  /** A repository's address as this client writes it. */
  address(repository: RepositoryRow): string;
  catalog(repository: RepositoryRow): CatalogReader;
}

/** One page of package addresses over many repositories, in byte order, without looking at those before it. */
export async function visiblePackages(options: VisiblePackagesOptions, page: Page): Promise<Slice<string>> {
  const addressed = options.repositories
    .map((repository) => ({ repository, prefix: `${options.address(repository)}/` }))
    .sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
  const rows: string[] = [];
  for (const { repository, prefix } of addressed) {
    const inside = page.after?.startsWith(prefix) ?? false;
    if (page.after !== undefined && !inside && page.after > prefix) continue;
    const after = inside ? page.after?.slice(prefix.length) : undefined;
    const limit = page.limit + 1 - rows.length;
    const found = await options.catalog(repository).packages('', after ? { limit, after } : { limit });
    rows.push(...found.rows.map((name) => prefix + name));
    if (rows.length > page.limit) break;
  }
  return { rows: rows.slice(0, page.limit), more: rows.length > page.limit };
}

/** The repositories of a format that a caller may read. */
export async function readableRepositories(
  directory: RepositoryDirectory,
  authorizer: Authorizer,
  who: Parameters<Authorizer['visible']>[0],
  format: string,
): Promise<readonly RepositoryRow[]> {
  const all = await directory.ofFormat(format);
  const seen = await authorizer.visible(
    who,
    'artifactregistry.repositories.downloadArtifacts',
    all.map(repositoryName),
  );
  return all.filter((repository) => seen.has(repositoryName(repository)));
}
