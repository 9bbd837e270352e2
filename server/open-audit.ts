import type { AccountStore } from './core/accounts.ts';
import type { Act, AuditNotes, Outcome } from './core/audit.ts';
import type { PolicyReader } from './core/policy.ts';
import { LoginFailures } from './http/login-failures.ts';
import { AuditedAccess } from './iam/audited-access.ts';
import type { Log } from './ops/log.ts';
import { AuditBuffer } from './stores/metadata/audit-buffer.ts';
import type { Transactions } from './stores/metadata/transactions.ts';

const CAPACITY = 10_000;
const DELAY_MS = 1_000;

interface AuditParts {
  readonly database: Transactions;
  readonly policies: PolicyReader;
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly log: Log;
  readonly now: () => number;
  readonly newId: () => string;
}

export interface Audit extends AsyncDisposable {
  readonly notes: AuditNotes;
  readonly failures: LoginFailures;
  /** Writes what waits to be written. */
  flush(): Promise<void>;
  /** Entries that were lost since the start, for metrics. */
  lost(): number;
}

/** What is recorded beside the changes, which record themselves: accesses, refusals, log-ins that failed. */
export function openAudit({ database, policies, accounts, log, now, newId }: AuditParts): Audit {
  let lost = 0;
  const buffer = new AuditBuffer({
    database,
    capacity: CAPACITY,
    delayMs: DELAY_MS,
    lost: (entries, cause) => {
      lost += entries;
      log.write('error', 'entries of the audit log were lost', { entries, cause });
    },
  });
  const access = new AuditedAccess(policies);
  const notes: AuditNotes = {
    wanted: (asked) => access.wanted(asked),
    note: (act: Act, outcome: Outcome) => buffer.add(act, outcome),
  };
  const knows = async (name: string) => (await accounts.find(name)) !== undefined;
  const failures = new LoginFailures({ notes, now, newId, knows });
  return {
    notes,
    failures,
    flush: async () => {
      await failures.settled();
      await buffer.flush();
    },
    lost: () => lost,
    [Symbol.asyncDispose]: async () => {
      await failures[Symbol.asyncDispose]();
      await buffer[Symbol.asyncDispose]();
    },
  };
}
