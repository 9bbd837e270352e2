import { SQLiteError } from 'bun:sqlite';
import type { Transaction } from 'kysely';
import { repositoryName } from '../../core/repository.ts';
import { quotaExceeded } from '../../lib/quota-exceeded.ts';
import type { Quota } from '../../core/usage.ts';
import type { Schema } from './schema.ts';

/** The columns of a limit. */
export const limits = ({ maxBytes, maxVersions }: Quota = {}) => ({
  max_bytes: maxBytes ?? null,
  max_versions: maxVersions ?? null,
});

/** What the schema's triggers say when something would grow past its limit. */
const REFUSAL = /^quota: (repository|project) (max_bytes|max_versions)$/;

/** The refusal that a trigger's is to whoever writes, or what was thrown. */
export async function asQuotaRefusal(
  tx: Transaction<Schema>,
  repositoryId: number,
  thrown: unknown,
): Promise<unknown> {
  const [, of, limit] = (thrown instanceof SQLiteError && REFUSAL.exec(thrown.message)) || [];
  if (of === undefined) return thrown;
  const row = await tx
    .selectFrom('repository')
    .innerJoin('project', 'project.id', 'repository.project')
    .select(['repository.project', 'repository.location', 'repository.name as repository'])
    .select([
      'repository.max_bytes',
      'repository.max_versions',
      'repository.size_bytes',
      'repository.version_count',
    ])
    .select(['project.max_bytes as project_max_bytes', 'project.max_versions as project_max_versions'])
    .where('repository.id', '=', repositoryId)
    .executeTakeFirst();
  if (!row) return thrown;
  const quota = limit === 'max_bytes' ? 'bytes' : 'versions';
  if (of === 'project')
    return quotaExceeded({
      quota,
      of: `projects/${row.project}`,
      limit: (quota === 'bytes' ? row.project_max_bytes : row.project_max_versions) ?? 0,
    });
  return quotaExceeded({
    quota,
    of: repositoryName(row),
    limit: (quota === 'bytes' ? row.max_bytes : row.max_versions) ?? 0,
    used: quota === 'bytes' ? row.size_bytes : row.version_count,
  });
}
