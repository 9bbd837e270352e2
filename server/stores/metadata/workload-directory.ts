import type { Statement } from 'bun:sqlite';
import type { ProviderConfig, ProviderReader, StandingProvider } from '../../core/federation.ts';
import type { Transactions } from './transactions.ts';

interface Row {
  readonly project: string;
  readonly number: number;
  readonly config: string;
}

const NAME = /^projects\/([^/]+)\/locations\/global\/workloadIdentityPools\/([^/]+)\/providers\/([^/]+)$/;

export class ProviderTables implements ProviderReader {
  readonly #standing: Statement<Row, [string, string, string, string]>;

  constructor({ reading }: Pick<Transactions, 'reading'>) {
    this.#standing = reading.prepare(
      `SELECT project.id AS project, project.number AS number, provider.config AS config
       FROM project
       JOIN workload_pool AS pool ON pool.project = project.id
       JOIN workload_provider AS provider ON provider.project = pool.project AND provider.pool = pool.id
       WHERE (project.id = ? OR project.number = CAST(? AS INTEGER))
         AND pool.id = ? AND NOT pool.disabled AND provider.id = ? AND NOT provider.disabled`,
    );
  }

  provider(project: string, pool: string, provider: string): StandingProvider | undefined {
    // A name that is no number is 0 as one, which no project has.
    const number = /^\d{1,15}$/.test(project) ? project : '0';
    const row = this.#standing.get(project, number, pool, provider);
    if (!row) return undefined;
    const config = JSON.parse(row.config) as ProviderConfig;
    return { project: row.project, projectNumber: String(row.number), pool, provider, config };
  }

  stands(name: string): boolean {
    const [, project = '', pool = '', provider = ''] = NAME.exec(name) ?? [];
    return this.provider(project, pool, provider) !== undefined;
  }
}
