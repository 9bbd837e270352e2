import { components } from '../../contract/components.ts';
import type { Policy as PolicyDocument } from '../../contract/schemas/policy.ts';
import { getIamPolicyQuery } from '../../contract/schemas/policy.ts';
import { noQuery } from '../../contract/schemas/requests.ts';
import { invalid } from '../core/error.ts';
import type { ResourceName } from '../core/iam.ts';
import { isPermission, type Permission } from '../core/permissions.ts';
import type { PolicyContent } from '../core/policies.ts';
import type { Policy } from '../core/policy.ts';
import { ofArtifactRegistry, ofIam, ofProjects, UNRECORDED } from './audit-names.ts';
import {
  onInstallation,
  onProject,
  onRepository,
  onServiceAccount,
  PROJECT,
  REPOSITORY,
  SERVICE_ACCOUNT,
} from './places.ts';
import {
  policyVersion,
  readPolicy,
  requireFresh,
  requireKnownConditions,
  shownPolicy,
} from './policy-document.ts';
import { found } from './refusals.ts';
import { type ApiCall, type ApiRoute, defineRoute, json, type Params, type RouteAudit } from './route.ts';
import { maskRefusal, parseMask, sameField } from './update-mask.ts';

const MOST_TESTED = 100;

/** A kind of resource that has policies. */
interface Kind {
  readonly id: string;
  /** What it is called where people read. */
  readonly says: string;
  readonly path: string;
  readonly on: (params: Params) => ResourceName;
  readonly get: Permission;
  readonly set: Permission;
  audit(method: 'GetIamPolicy' | 'SetIamPolicy', type: RouteAudit['type']): RouteAudit;
  /** Whether its policy says what of its data access is recorded. */
  readonly auditConfigs: boolean;
}

const repository: Kind = {
  id: 'repositories',
  says: 'a repository',
  path: REPOSITORY,
  on: onRepository,
  get: 'artifactregistry.repositories.getIamPolicy',
  set: 'artifactregistry.repositories.setIamPolicy',
  audit: ofArtifactRegistry,
  auditConfigs: false,
};
const project: Kind = {
  id: 'projects',
  says: 'a project',
  path: PROJECT,
  on: onProject,
  get: 'resourcemanager.projects.getIamPolicy',
  set: 'resourcemanager.projects.setIamPolicy',
  audit: ofProjects,
  auditConfigs: true,
};
const serviceAccount: Kind = {
  id: 'serviceAccounts',
  says: 'a service account',
  path: SERVICE_ACCOUNT,
  on: onServiceAccount,
  get: 'iam.serviceAccounts.getIamPolicy',
  set: 'iam.serviceAccounts.setIamPolicy',
  audit: (method, type) => ofIam(method.replace('Iam', 'IAM'), type),
  auditConfigs: false,
};
const installation: Kind = {
  id: 'organizations',
  says: 'the installation',
  path: '/v1/organizations/entrepot',
  on: onInstallation,
  get: 'resourcemanager.organizations.getIamPolicy',
  set: 'resourcemanager.organizations.setIamPolicy',
  audit: ofProjects,
  auditConfigs: true,
};

/** google/iam/v1/iam_policy.proto, on everything that has a policy. */
export const policyRoutes: readonly ApiRoute[] = [
  ...routesOf(repository),
  ...routesOf(project),
  ...routesOf({ ...project, id: 'projectsV3', path: PROJECT.replace('v1', 'v3') }),
  ...routesOf(serviceAccount),
  ...routesOf(installation),
  ...routesOf({ ...installation, id: 'organizationsV3', path: '/v3/organizations/entrepot' }),
];

function routesOf(kind: Kind): readonly ApiRoute[] {
  const { id, says, path, on } = kind;
  const get = {
    path: `${path}:getIamPolicy`,
    permission: kind.get,
    audit: kind.audit('GetIamPolicy', 'ADMIN_READ'),
    on,
    summary: `Gets the policy of ${says}.`,
    query: getIamPolicyQuery,
    response: components.Policy,
  };
  return [
    defineRoute({
      ...get,
      id: `${id}.getIamPolicy`,
      method: 'GET',
      run: (call) => shown(call, on(call.params), call.query['options.requestedPolicyVersion']),
    }),
    defineRoute({
      ...get,
      id: `${id}.getIamPolicyByPost`,
      method: 'POST',
      body: components.GetIamPolicyRequest,
      run: (call) =>
        shown(
          call,
          on(call.params),
          call.body.options?.requestedPolicyVersion ?? call.query['options.requestedPolicyVersion'],
        ),
    }),

    defineRoute({
      id: `${id}.setIamPolicy`,
      method: 'POST',
      path: `${path}:setIamPolicy`,
      permission: kind.set,
      audit: kind.audit('SetIamPolicy', 'ADMIN_WRITE'),
      on,
      summary: `Replaces the policy of ${says}.`,
      query: noQuery,
      body: components.SetIamPolicyRequest,
      response: components.Policy,
      run: async (call) => {
        const { policy = {}, updateMask } = call.body;
        return json(shownPolicy(await set(call, kind, policy, updateMask), 3));
      },
    }),

    defineRoute({
      id: `${id}.testIamPermissions`,
      method: 'POST',
      path: `${path}:testIamPermissions`,
      permission: 'account',
      audit: UNRECORDED,
      on,
      summary: `Says which of some permissions the caller holds on ${says}.`,
      query: noQuery,
      body: components.TestIamPermissionsRequest,
      response: components.TestIamPermissionsResponse,
      run: async ({ parts, principal, params, body }) => {
        const held: Permission[] = [];
        for (const permission of testable(body.permissions ?? []))
          if ((await parts.authorizer.check(principal, permission, on(params))).allow) held.push(permission);
        return json(held.length > 0 ? { permissions: held } : {});
      },
    }),
  ];
}

type Call = Pick<ApiCall<unknown, unknown>, 'parts' | 'principal' | 'params'>;

async function shown({ parts }: Call, on: ResourceName, version: number | undefined) {
  const requested = policyVersion(version, 'options.requested_policy_version');
  return json(shownPolicy(found(await parts.resources.policies.get(on), on), requested));
}

async function set(
  { parts, principal, params }: Call,
  kind: Kind,
  document: PolicyDocument,
  updateMask: string | undefined,
): Promise<Policy> {
  const { policies } = parts.resources;
  const on = kind.on(params);
  const sent = readPolicy(document);
  if (!kind.auditConfigs && sent.auditConfigs.length > 0)
    throw invalid(
      'POLICY_INVALID',
      'auditConfigs belong into the policy of a project or of the organization.',
      {
        field: 'policy.audit_configs',
      },
    );
  const part = partOf(document, updateMask);
  const change = (current: Policy): Promise<PolicyContent> => {
    requireFresh(current, document.etag);
    requireKnownConditions(current, document.version);
    return parts.policyRules.checked(principal, on, current, {
      bindings: part.has('bindings') ? sent.bindings : current.bindings,
      auditConfigs: part.has('auditConfigs') ? sent.auditConfigs : current.auditConfigs,
    });
  };
  // Once before: a refusal then locks nobody out, and what conditions need is loaded when the transaction begins.
  await change(found(await policies.get(on), on));
  return policies.set(on, change);
}

const FIELDS = new Set(['bindings', 'auditConfigs', 'etag', 'version']);

/** What of a policy is replaced. Audit configs that were not sent stay as they are. */
function partOf({ auditConfigs }: PolicyDocument, updateMask: string | undefined): ReadonlySet<string> {
  const mask = parseMask(updateMask);
  if (!mask) return new Set(auditConfigs ? ['bindings', 'auditConfigs'] : ['bindings']);
  const fields = mask.map((path) => path.map(sameField).join('.'));
  for (const field of fields) if (!FIELDS.has(field)) throw maskRefusal(`there is no field "${field}"`);
  return new Set(fields);
}

function testable(names: readonly string[]): readonly Permission[] {
  if (names.length > MOST_TESTED)
    throw invalid(
      'TOO_MANY',
      `${names.length} permissions are too many; ${MOST_TESTED} can be tested at once.`,
      {
        field: 'permissions',
      },
    );
  return [...new Set(names)].map((name) => {
    if (isPermission(name)) return name;
    throw invalid('PERMISSION_UNKNOWN', `Permission ${name.slice(0, 200)} is not valid for this resource.`, {
      field: 'permissions',
    });
  });
}
