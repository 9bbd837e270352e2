import { sql } from 'kysely';
import type { ChecksumAlgorithm, Digest } from '../../core/blob.ts';
import type { StoredFile } from '../../core/catalog.ts';
import type { Mode, RepositoryRow } from '../../core/repository.ts';
import type { Transactions } from './transactions.ts';

/** Places looked at for one content. Rights are checked on each, so there is a bound. */
const MOST = 100;

/** Where in the whole installation certain bytes are named. Says nothing about who may know. */
export class FilesByContent {
  readonly #database: Transactions;

  constructor(database: Transactions) {
    this.#database = database;
  }

  async holding({
    algorithm,
    hex,
  }: {
    readonly algorithm: ChecksumAlgorithm;
    readonly hex: string;
  }): Promise<readonly { readonly repository: Omit<RepositoryRow, 'config'>; readonly file: StoredFile }[]> {
    if (algorithm !== 'sha256' && algorithm !== 'sha512') return [];
    const rows = await this.#database.read
      .selectFrom('blob')
      .innerJoin('file', 'file.blob_digest', 'blob.digest')
      .innerJoin('repository', 'repository.id', 'file.repository_id')
      .leftJoin('package', 'package.id', 'file.package_id')
      .leftJoin('version', 'version.id', 'file.version_id')
      .select([
        'blob.digest',
        'blob.size',
        'blob.generation',
        'file.path',
        'package.name as package',
        'version.name as version',
        'repository.id',
        'repository.project',
        'repository.location',
        'repository.name',
        'repository.format',
        'repository.mode',
        'repository.created_at as createdAt',
      ])
      .where('blob.state', 'in', ['live', 'condemned'])
      .$if(algorithm === 'sha256', (query) => query.where('blob.digest', '=', `sha256:${hex}`))
      .$if(algorithm === 'sha512', (query) =>
        query.where(sql`substr(blob.sha512, 1, 32)`, '=', hex.slice(0, 32)).where('blob.sha512', '=', hex),
      )
      .limit(MOST)
      .execute();
    return rows.map(({ digest, size, generation, path, package: pkg, version, name, mode, ...row }) => ({
      repository: { ...row, repository: name, mode: mode as Mode },
      file: {
        path,
        freshness: 'immutable',
        ...(pkg !== null && { coordinates: { package: pkg, ...(version !== null && { version }) } }),
        blob: { digest: digest as Digest, size, generation },
      },
    }));
  }
}
