import { createHash } from 'node:crypto';
import type { Policy as PolicyDocument } from '../../contract/schemas/policy.ts';
import { invalid, RegistryError } from '../core/error.ts';
import type { PolicyContent } from '../core/policies.ts';
import type { AuditConfig, Policy, PolicyBinding } from '../core/policy.ts';

/** What Google answers for a resource that never had a policy. */
const NO_POLICY = 'ACAB';

export function etagOf(revision: number): string {
  if (revision === 0) return NO_POLICY;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(revision));
  return bytes.toString('base64');
}

/** The versions of the policy format there are; 2 was never used. */
export function policyVersion(version: number | undefined, field: string): 0 | 1 | 3 {
  if (version === undefined || version === 0) return 0;
  if (version === 1 || version === 3) return version;
  throw invalid('INVALID_VALUE', `Policy version ${version} is not one of 0, 1 and 3.`, { field });
}

/**
 * A policy as it is answered. Callers who did not ask for version 3 cannot know what conditions are, so they get names
 * of roles that no role has (cloud.google.com/iam/docs/troubleshooting-withcond).
 */
export function shownPolicy(
  { bindings, auditConfigs, revision }: Policy,
  requested: 0 | 1 | 3,
): PolicyDocument {
  const etag = etagOf(revision);
  if (revision === 0) return { etag };
  const isConditional = bindings.some(({ condition }) => condition);
  return {
    version: isConditional && requested === 3 ? 3 : 1,
    ...(bindings.length > 0 && { bindings: requested === 3 ? bindings : bindings.map(withoutCondition) }),
    ...(auditConfigs.length > 0 && { auditConfigs: auditConfigs.map(shownAuditConfig) }),
    etag,
  };
}

function withoutCondition({ role, members, condition }: PolicyBinding): PolicyBinding {
  if (!condition) return { role, members };
  const hash = createHash('sha256').update(JSON.stringify([condition.title, condition.expression]));
  return { role: `${role}_withcond_${hash.digest('hex').slice(0, 20)}`, members };
}

const shownAuditConfig = ({ service, logTypes }: AuditConfig) => ({
  service,
  auditLogConfigs: logTypes.map(({ logType, exemptedMembers }) => ({
    logType,
    ...(exemptedMembers.length > 0 && { exemptedMembers }),
  })),
});

/** What a policy sent by a client says. */
export function readPolicy(document: PolicyDocument): PolicyContent {
  const version = policyVersion(document.version, 'policy.version');
  const bindings = (document.bindings ?? []).map(({ role = '', members = [], condition }): PolicyBinding => {
    if (!condition || Object.keys(condition).length === 0) return { role, members };
    const { expression = '', title = '', description } = condition;
    if (expression.trim() === '') throw refusal('A condition needs an expression.');
    return { role, members, condition: { expression, title, ...(description && { description }) } };
  });
  if (version !== 3 && bindings.some(({ condition }) => condition)) throw needsVersion3();
  return { bindings, auditConfigs: (document.auditConfigs ?? []).map(readAuditConfig) };
}

function readAuditConfig({
  service = '',
  auditLogConfigs = [],
}: NonNullable<PolicyDocument['auditConfigs']>[number]): AuditConfig {
  if (!/^(?:allServices|[a-z0-9.-]{1,100}\.googleapis\.com)$/.test(service))
    throw refusal(
      `"${service.slice(0, 100)}" is not a service; write allServices or, for example, artifactregistry.googleapis.com.`,
    );
  const logTypes = auditLogConfigs.map(({ logType, exemptedMembers = [] }) => {
    if (logType === undefined || logType === 'LOG_TYPE_UNSPECIFIED')
      throw refusal('An audit log config needs a logType.');
    return { logType, exemptedMembers };
  });
  return { service, logTypes };
}

const refusal = (why: string) => invalid('POLICY_INVALID', why, { field: 'policy' });

/** Whoever does not know of conditions must not be let overwrite some. */
export function requireKnownConditions(current: PolicyContent, version: number | undefined): void {
  if (version !== 3 && current.bindings.some(({ condition }) => condition)) throw needsVersion3();
}

const needsVersion3 = () =>
  invalid(
    'POLICY_VERSION',
    'The policy has conditional bindings, so its version must be 3. Get it with requestedPolicyVersion 3 and set it with version 3.',
    { field: 'policy.version' },
  );

/** Refuses a change of a policy other than the one that was read. */
export function requireFresh(current: Policy, etag: string | undefined): void {
  const expected = etagOf(current.revision);
  if (!etag) {
    if (current.revision === 0) return;
    throw new RegistryError(
      'FAILED_PRECONDITION',
      'ETAG_MISSING',
      'The policy has no etag. Send the one that getIamPolicy answered, so that nobody’s change is overwritten unseen.',
      { details: { field: 'policy.etag' } },
    );
  }
  if (!/^[\w+/-]+={0,2}$/.test(etag))
    throw invalid(
      'INVALID_VALUE',
      `Invalid value at 'policy.etag' (TYPE_BYTES), ${JSON.stringify(etag.slice(0, 100))}`,
      {
        field: 'policy.etag',
      },
    );
  if (Buffer.from(etag, 'base64').equals(Buffer.from(expected, 'base64'))) return;
  throw new RegistryError(
    'ABORTED',
    'POLICY_CHANGED',
    'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff. ' +
      `The request’s ETag '${etag}' did not match the current policy’s.`,
  );
}
