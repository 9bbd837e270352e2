import type { Act } from './core/audit.ts';
import type { FileRef } from './core/catalog.ts';
import { notFound, RegistryError } from './core/error.ts';
import type { Format, Prefetch } from './core/format.ts';
import type { Purged, PurgeScope, RemoteCaches, Warmed } from './core/remote-caches.ts';
import type { Repo } from './core/repo.ts';
import type { RepositoryAddress, RepositoryDirectory, RepositoryRow } from './core/repository.ts';
import type { Upstream, UpstreamHealth } from './core/upstream.ts';
import { compilePath } from './http/route-matcher.ts';
import { audited } from './stores/metadata/audited.ts';
import type { MetadataDatabase } from './stores/metadata/database.ts';
import { partsOf } from './stores/metadata/lacking-parts.ts';
import { purgeInSteps, purgePath } from './stores/metadata/purge-copies.ts';

interface CachesParts {
  readonly database: MetadataDatabase;
  readonly directory: Pick<RepositoryDirectory, 'find'>;
  readonly formats: readonly Format[];
  readonly read: (row: RepositoryRow) => Repo;
  readonly upstream: (row: RepositoryRow) => Upstream;
  readonly now: () => number;
  readonly newId: () => string;
}

interface Kind {
  readonly format: Format;
  readonly prefetch: Prefetch;
}

/** Versions that are made of versions that are made of versions: more than any has. */
const DEEPEST = 5;

/** Remote repositories' copies, for whoever looks after them. */
export class StoredCopies implements RemoteCaches {
  readonly #parts: CachesParts;

  constructor(parts: CachesParts) {
    this.#parts = parts;
  }

  async purge(address: RepositoryAddress, scope: PurgeScope, act: Act | undefined): Promise<Purged> {
    const { database, now, newId } = this.#parts;
    const { row, format } = await this.#remote(address);
    const purge = { repositoryId: row.id, now: now(), id: newId() };
    const recorded = audited(database, act);
    if (scope === 'all') return purgeInSteps(recorded, purge);
    if ('package' in scope) return purgeInSteps(recorded, purge, scope.package);
    return recorded.transaction(
      (tx) => purgePath(tx, purge, pathOf(format, scope.path)),
      ({ files, indexes }) => ({ response: { files, indexes } }),
    );
  }

  async health(address: RepositoryAddress): Promise<UpstreamHealth> {
    const { row } = await this.#remote(address);
    return this.#parts.upstream(row).health();
  }

  async warm(address: RepositoryAddress, name: string): Promise<Warmed> {
    const { row, format } = await this.#remote(address);
    const prefetch = format.upstream?.prefetch;
    if (!prefetch)
      throw new RegistryError(
        'FAILED_PRECONDITION',
        'NO_PREFETCH',
        `nothing can be fetched beforehand in the format ${row.format}`,
      );
    const refs = await prefetch.references(name, this.#parts.read(row));
    return this.#warmAll(row, { format, prefetch }, refs, DEEPEST);
  }

  async #warmAll(row: RepositoryRow, kind: Kind, refs: readonly FileRef[], depth: number): Promise<Warmed> {
    let warmed: Warmed = { files: 0, fetched: 0, bytes: 0 };
    for (const ref of refs) {
      const more = await this.#warm(row, kind, ref, depth);
      warmed = {
        files: warmed.files + more.files,
        fetched: warmed.fetched + more.fetched,
        bytes: warmed.bytes + more.bytes,
      };
    }
    return warmed;
  }

  async #warm(row: RepositoryRow, kind: Kind, ref: FileRef, depth: number): Promise<Warmed> {
    const opened = await this.#parts.read(row).file(ref);
    const bytes = await drained(new Response(await opened.open()));
    // Who fetches beforehand says that it is there only when it is.
    await opened.kept?.();
    const warmed: Warmed = { files: 1, fetched: opened.cache?.outcome === 'miss' ? 1 : 0, bytes };
    const { package: pkg, version } = opened.file.coordinates ?? {};
    if (pkg === undefined || version === undefined || depth === 0) return warmed;
    const at = { repositoryId: row.id, package: pkg, version };
    const { paths, versions } = await partsOf(this.#parts.database.read, at);
    const refs = [
      ...paths.map((path) => fileAt(kind.format, path)),
      ...versions.map((each) => kind.prefetch.version?.(pkg, each)),
    ];
    const more = await this.#warmAll(
      row,
      kind,
      refs.filter((part) => part !== undefined),
      depth - 1,
    );
    return {
      files: warmed.files + more.files,
      fetched: warmed.fetched + more.fetched,
      bytes: warmed.bytes + more.bytes,
    };
  }

  async #remote(
    address: RepositoryAddress,
  ): Promise<{ readonly row: RepositoryRow; readonly format: Format }> {
    const row = await this.#parts.directory.find(address);
    const format = this.#parts.formats.find(({ id }) => id === row?.format);
    if (!row || !format) throw notFound('REPOSITORY', { repository: address.repository });
    if (row.mode === 'REMOTE_REPOSITORY') return { row, format };
    throw new RegistryError(
      'FAILED_PRECONDITION',
      'NOT_REMOTE',
      `${address.repository} is not a remote repository, so it holds no copies of an upstream`,
    );
  }
}

async function drained({ body }: Response): Promise<number> {
  let bytes = 0;
  for await (const piece of body ?? []) bytes += piece.byteLength;
  return bytes;
}

/** The file that a path below a repository means; nothing where it means none. */
function fileAt(format: Format, path: string): FileRef | undefined {
  const raw = path.split('/');
  const asked = format.segments?.(raw) ?? raw;
  for (const route of format.routes) {
    const params = route.kind === 'file' && compilePath(route.path)(asked);
    if (params) return route.file({ params });
  }
  return undefined;
}

function pathOf(format: Format, path: string) {
  const ref = fileAt(format, path);
  const pkg = ref?.coordinates?.package;
  return ref?.tag === undefined || pkg === undefined
    ? { path }
    : { path: ref.path, tag: { package: pkg, name: ref.tag } };
}
