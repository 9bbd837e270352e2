import type { LogEntry } from '../core/audit-log.ts';
import type { AuditConfig, AuditLogType } from '../core/policy.ts';
import type { ResourceName } from '../core/iam.ts';
import { AuditTables } from '../stores/metadata/audit-search.ts';
import { changePolicy } from '../stores/metadata/policy-tables.ts';
import type { Json } from './api.ts';
import type { TestServer } from './harness.ts';

export const ALL_TYPES: readonly AuditLogType[] = ['ADMIN_READ', 'DATA_READ', 'DATA_WRITE'];

/** The short of an entry. */
export interface Recorded {
  readonly method: string;
  readonly resource: string;
  readonly principal?: string;
  readonly code: number;
}

/** Reads a server's audit log as it grows. */
export class AuditReader {
  readonly #server: TestServer;
  readonly #seen = new Set<string>();

  private constructor(server: TestServer) {
    this.#server = server;
  }

  static async from(server: TestServer): Promise<AuditReader> {
    const reader = new AuditReader(server);
    await reader.entries();
    return reader;
  }

  /** Every entry since the last time, whole, in the order of their acts. */
  async entries(): Promise<readonly LogEntry[]> {
    await this.#server.app.flushAudit();
    return this.committed();
  }

  /** The same without those that were only noted. */
  async committed(): Promise<readonly LogEntry[]> {
    const log = new AuditTables(this.#server.database, Number.MAX_SAFE_INTEGER);
    const scopes = [{ logs: ['activity', 'data_access'] }] as const;
    const { entries } = await log.page({ scopes, order: 'asc', limit: 100_000 });
    const fresh = entries.filter(({ insertId }) => !this.#seen.has(insertId));
    for (const { insertId } of fresh) this.#seen.add(insertId);
    return fresh;
  }

  async recorded(): Promise<readonly Recorded[]> {
    return (await this.entries()).map(shortOf);
  }
}

export function shortOf({ protoPayload }: Json): Recorded {
  const { methodName, resourceName, authenticationInfo, status } = protoPayload;
  const { principalSubject } = authenticationInfo;
  return {
    method: methodName.split('.').at(-1),
    resource: resourceName,
    ...(principalSubject !== undefined && { principal: principalSubject }),
    code: status.code ?? 0,
  };
}

/** Changes what a policy wants recorded, as somebody else's process would. */
export async function setAuditConfigs(
  server: TestServer,
  on: ResourceName,
  auditConfigs: readonly AuditConfig[],
): Promise<void> {
  await server.database.transaction((tx) =>
    changePolicy(tx, on, ({ bindings }) => ({ bindings, auditConfigs })),
  );
}

/** An audit configuration of some types, for all services unless one is named. */
export const configOf = (
  types: readonly AuditLogType[],
  exemptedMembers: readonly string[] = [],
  service = 'allServices',
): AuditConfig => ({ service, logTypes: types.map((logType) => ({ logType, exemptedMembers })) });
