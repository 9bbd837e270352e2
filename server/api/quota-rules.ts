import type { Quota as QuotaDocument } from '../../contract/schemas/quota.ts';
import { invalid } from '../core/error.ts';
import type { ResourceName } from '../core/iam.ts';
import type { Quota } from '../core/usage.ts';
import { denied } from './refusals.ts';
import type { Asker } from './rights.ts';

const FIELDS = ['maxBytes', 'maxVersions'] as const;

/** A quota as it is kept. `field` is its path in the resource. */
export function checkedQuota(document: QuotaDocument, field: string): Quota {
  const quota: { maxBytes?: number; maxVersions?: number } = {};
  for (const name of FIELDS) {
    const given = document[name];
    if (given === undefined) continue;
    const limit = Number(given);
    // A zero is what some clients send for a field that is not set, which would close what was to be opened.
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw invalid(
        'QUOTA_INVALID',
        `Request contains an invalid argument: ${field}.${name} must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}; leave it out for no limit.`,
        { field: `${field}.${name}` },
      );
    quota[name] = limit;
  }
  return quota;
}

/** A quota as it is shown; nothing where there are no limits. */
export function quotaDocument(quota: Quota = {}): QuotaDocument | undefined {
  const limits = FIELDS.flatMap((name) =>
    quota[name] === undefined ? [] : [[name, String(quota[name])] as const],
  );
  return limits.length === 0 ? undefined : Object.fromEntries(limits);
}

/** Throws the refusal where a quota becomes another one. */
export type RequireQuota = (before: Quota | undefined, after: Quota | undefined) => void;

/** Whoever has a quota could lift it, had they the right to set it: that is held on what is above. */
export async function quotaSetter({ parts, principal }: Asker, above: ResourceName): Promise<RequireQuota> {
  const permission = 'entrepot.quotas.update';
  const { allow } = await parts.authorizer.check(principal, permission, above, {});
  return (before = {}, after = {}) => {
    if (!allow && FIELDS.some((name) => before[name] !== after[name]))
      throw denied(principal, permission, above);
  };
}
