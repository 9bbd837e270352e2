import * as z from 'zod/mini';
import { type Answer, flag, maybe, message, text, timestamp } from '../proto-json.ts';
import { expr, policy } from './policy.ts';

const access = z.enum(['ACCESS_STATE_UNSPECIFIED', 'GRANTED', 'NOT_GRANTED', 'UNKNOWN_CONDITIONAL']);

/** What the request would be about, beyond what the resource's name says; conditions are answered with it. */
const conditionContext = message({
  resource: maybe(
    message({
      name: maybe(text()),
      type: maybe(text()),
      service: maybe(text()),
      package: maybe(text()),
      version: maybe(text()),
      tag: maybe(text()),
    }),
  ),
  request: maybe(message({ receiveTime: maybe(timestamp()) })),
});

/** google/cloud/policytroubleshooter/v1/explanations.proto, with the context of v3. */
const accessTuple = message({
  /** An e-mail, a user's name or a member as in bindings; the caller, when it is left out. */
  principal: maybe(text()),
  fullResourceName: maybe(text()),
  permission: maybe(text()),
  conditionContext: maybe(conditionContext),
});
export const troubleshootRequest = message({ accessTuple: maybe(accessTuple) });
export type AccessTuple = Answer<typeof accessTuple>;

const bindingExplanation = message({
  access: maybe(access),
  role: maybe(text()),
  rolePermission: maybe(text()),
  memberships: maybe(z.record(z.string(), message({ membership: maybe(text()) }))),
  condition: maybe(expr),
  /** Whether the condition holds; null for what the question leaves open. */
  conditionExplanation: maybe(message({ value: maybe(z.union([z.boolean(), z.literal('UNKNOWN')])) })),
});
const explainedPolicy = message({
  access: maybe(access),
  fullResourceName: maybe(text()),
  policy: maybe(policy),
  bindingExplanations: maybe(z.array(bindingExplanation)),
});
export const troubleshootResponse = message({
  access: maybe(access),
  explainedPolicies: maybe(z.array(explainedPolicy)),
  /** The principal as bindings name it. */
  principal: maybe(text()),
  summary: maybe(text()),
  /** A role that would give it, and no more than needed. */
  suggestedRole: maybe(text()),
});
export type Troubleshooting = Answer<typeof troubleshootResponse>;

export const whoCanRequest = message({
  fullResourceName: maybe(text()),
  permission: maybe(text()),
  conditionContext: maybe(conditionContext),
});
const holder = message({
  member: maybe(text()),
  role: maybe(text()),
  /** Where it is granted. */
  fullResourceName: maybe(text()),
  condition: maybe(expr),
  /** Whether it depends on what the question leaves open. */
  conditional: maybe(flag()),
  /** Accounts of a group, where the caller may see groups. */
  groupMembers: maybe(z.array(text())),
});
export const whoCanResponse = message({
  holders: maybe(z.array(holder)),
  /** Resources above whose policies the caller may not see, and which may let others do it. */
  unseen: maybe(z.array(text())),
});
export type WhoCan = Answer<typeof whoCanResponse>;
export type Holder = Answer<typeof holder>;
