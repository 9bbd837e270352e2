import * as z from 'zod/mini';
import { type Answer, choice, int32, maybe, message, text } from '../proto-json.ts';

/** google/type/expr.proto */
export const expr = message({
  expression: maybe(text()),
  title: maybe(text()),
  description: maybe(text()),
  location: maybe(text()),
});

export const binding = message({
  role: maybe(text()),
  members: maybe(z.array(text())),
  condition: maybe(expr),
});

const auditLogConfig = message({
  logType: maybe(
    choice('google.iam.v1.AuditLogConfig.LogType', {
      LOG_TYPE_UNSPECIFIED: 0,
      ADMIN_READ: 1,
      DATA_WRITE: 2,
      DATA_READ: 3,
    }),
  ),
  exemptedMembers: maybe(z.array(text())),
});

/** google/iam/v1/policy.proto */
export const policy = message({
  version: maybe(int32()),
  bindings: maybe(z.array(binding)),
  auditConfigs: maybe(
    z.array(message({ service: maybe(text()), auditLogConfigs: maybe(z.array(auditLogConfig)) })),
  ),
  etag: maybe(text()),
});
export type Policy = Answer<typeof policy>;
export type Binding = Answer<typeof binding>;
export type Expr = Answer<typeof expr>;

export const getIamPolicyQuery = message({ 'options.requestedPolicyVersion': maybe(int32()) });
export const getIamPolicyRequest = message({
  options: maybe(message({ requestedPolicyVersion: maybe(int32()) })),
});
export const setIamPolicyRequest = message({ policy: maybe(policy), updateMask: maybe(text()) });
export const testIamPermissionsRequest = message({ permissions: maybe(z.array(text())) });
export const testIamPermissionsResponse = message({ permissions: maybe(z.array(text())) });
