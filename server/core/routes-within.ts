import type { AuditName } from './audit.ts';
import type { CommandRoute, QueryRoute, RouteRequest } from './format.ts';
import type { Within } from './iam.ts';

/** The routes of a format whose requests all say in the same way what they are about. */
export function routesWithin(within: (request: Pick<RouteRequest, 'params'>) => Within) {
  /** What every route has that only reads. */
  const read = { permission: 'artifactregistry.repositories.downloadArtifacts', within } as const;
  const query = (
    method: QueryRoute['method'],
    path: string,
    run: QueryRoute['run'],
    audit: AuditName,
  ): QueryRoute => ({ ...read, kind: 'query', method, path, audit, run });
  const upload = (
    method: CommandRoute['method'],
    path: string,
    run: CommandRoute['run'],
    audit: AuditName,
  ): CommandRoute => ({
    kind: 'command',
    method,
    path,
    permission: 'artifactregistry.repositories.uploadArtifacts',
    within,
    audit,
    run,
  });
  const remove = (path: string, run: CommandRoute['run'], audit: AuditName): CommandRoute => ({
    ...upload('DELETE', path, run, audit),
    permission: 'artifactregistry.repositories.deleteArtifacts',
  });
  return { read, query, upload, remove };
}
