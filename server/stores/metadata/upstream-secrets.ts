import type { Statement } from 'bun:sqlite';
import type { Transaction } from 'kysely';
import { RegistryError } from '../../core/error.ts';
import type { RepositoryAddress } from '../../core/repository.ts';
import type { UpstreamCredentials } from '../../core/upstream.ts';
import type { UpstreamSecrets } from '../../core/upstreams.ts';
import type { SecretSealer } from '../../lib/sealed-secret.ts';
import { secretVersion } from '../../lib/secret-version.ts';
import { passwordSecretVersion, upstreamCredentials } from '../../lib/upstream-credentials.ts';
import type { SecretFiles } from '../secret-files.ts';
import type { Schema } from './schema.ts';
import type { Transactions } from './transactions.ts';

interface Row {
  readonly id: number;
  readonly shown: string | null;
  readonly sealed: string | null;
}

interface UpstreamSecretTablesOptions {
  readonly database: Transactions;
  readonly sealer: SecretSealer;
  /** Where secrets are that are only named. */
  readonly files?: SecretFiles;
}

const SELECT = `SELECT repository.id, sealed, config -> '$.remoteRepositoryConfig.upstreamCredentials' AS shown
  FROM repository LEFT JOIN upstream_secret ON repository_id = repository.id`;

/** Credentials for upstreams, of which the database has the secret sealed and bound to its repository. */
export class UpstreamSecretTables implements UpstreamSecrets {
  readonly #options: UpstreamSecretTablesOptions;
  readonly #byId: Statement<Row, [number]>;
  readonly #byName: Statement<Row, [string, string, string]>;

  constructor(options: UpstreamSecretTablesOptions) {
    const { reading } = options.database;
    this.#options = options;
    this.#byId = reading.prepare(`${SELECT} WHERE repository.id = ?`);
    this.#byName = reading.prepare(`${SELECT} WHERE project = ? AND location = ? AND name = ?`);
  }

  get readsFiles(): boolean {
    return this.#options.files !== undefined;
  }

  async find(repositoryId: number): Promise<UpstreamCredentials | undefined> {
    const row = this.#byId.get(repositoryId);
    return this.#credentials(row, row?.shown ? JSON.parse(row.shown) : undefined, undefined);
  }

  async about(
    { project, location, repository }: RepositoryAddress,
    shown: unknown,
    secret: string | undefined,
  ): Promise<UpstreamCredentials | undefined> {
    return this.#credentials(this.#byName.get(project, location, repository), shown, secret);
  }

  async #credentials(
    row: Row | null | undefined,
    shown: unknown,
    given: string | undefined,
  ): Promise<UpstreamCredentials | undefined> {
    if (shown === undefined) return undefined;
    const named = passwordSecretVersion(shown);
    const secret = named === undefined ? (given ?? this.#opened(row)) : await this.#read(named);
    return upstreamCredentials(shown, secret);
  }

  #opened(row: Row | null | undefined): string {
    const secret = row?.sealed ? this.#options.sealer.open(row.sealed, row.id) : undefined;
    if (secret !== undefined) return secret;
    throw refused(
      'the secret of the upstream cannot be read with the key of this installation; give it again',
    );
  }

  #read(name: string): Promise<string> {
    const { files } = this.#options;
    const version = secretVersion(name);
    if (files && version) return files.read(version);
    throw refused(`${name} cannot be read: the server was started without --secrets`);
  }
}

/** Keeps, replaces or drops a repository's secret, in the transaction that changes the repository. */
export async function keepUpstreamSecret(
  tx: Transaction<Schema>,
  sealer: SecretSealer | undefined,
  repositoryId: number,
  secret: string | null | undefined,
): Promise<void> {
  if (secret === undefined) return;
  if (secret === null) {
    await tx.deleteFrom('upstream_secret').where('repository_id', '=', repositoryId).execute();
    return;
  }
  if (!sealer) throw new Error('there is no key to keep secrets with');
  const sealed = sealer.seal(secret, repositoryId);
  await tx
    .insertInto('upstream_secret')
    .values({ repository_id: repositoryId, sealed })
    .onConflict((conflict) => conflict.column('repository_id').doUpdateSet({ sealed }))
    .execute();
}

/** One of the failures for which a copy that is there is served. */
const refused = (message: string): RegistryError =>
  new RegistryError('UNAVAILABLE', 'UPSTREAM_REFUSED', message);
