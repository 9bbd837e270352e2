import type { PolicyContent } from '../../core/policies.ts';
import type { PolicyBinding } from '../../core/policy.ts';

type Message = Readonly<Record<string, unknown>>;

/** What a change of a policy gave and took (google/iam/v1/policy.proto, PolicyDelta), as the audit log has it. */
export function policyDelta(before: PolicyContent, after: PolicyContent): Message {
  const bindings = [
    ...missingFrom(grantsOf(before.bindings), grantsOf(after.bindings), 'ADD'),
    ...missingFrom(grantsOf(after.bindings), grantsOf(before.bindings), 'REMOVE'),
  ];
  const configs = [
    ...missingFrom(exemptionsOf(before), exemptionsOf(after), 'ADD'),
    ...missingFrom(exemptionsOf(after), exemptionsOf(before), 'REMOVE'),
  ];
  return {
    ...(bindings.length > 0 && { bindingDeltas: bindings }),
    ...(configs.length > 0 && { auditConfigDeltas: configs }),
  };
}

const grantsOf = (bindings: readonly PolicyBinding[]): readonly Message[] =>
  bindings.flatMap(({ role, members, condition }) =>
    members.map((member) => ({ role, member, ...(condition && { condition }) })),
  );

/** One for each kind of access that is recorded, and one for each member whose is not. */
const exemptionsOf = ({ auditConfigs }: PolicyContent): readonly Message[] =>
  auditConfigs.flatMap(({ service, logTypes }) =>
    logTypes.flatMap(({ logType, exemptedMembers }) => [
      { service, logType },
      ...exemptedMembers.map((exemptedMember) => ({ service, logType, exemptedMember })),
    ]),
  );

function missingFrom(there: readonly Message[], wanted: readonly Message[], action: 'ADD' | 'REMOVE') {
  const known = new Set(there.map((each) => JSON.stringify(each)));
  return wanted.filter((each) => !known.has(JSON.stringify(each))).map((each) => ({ action, ...each }));
}
