import { components } from '../../contract/components.ts';
import { noQuery } from '../../contract/schemas/requests.ts';
import type { AccessTuple } from '../../contract/schemas/explain.ts';
import { invalid } from '../core/error.ts';
import type { AccessQuestion, Explanation, Holder } from '../core/explain.ts';
import { memberOf, type Principal, type ResourceName, type Within } from '../core/iam.ts';
import { isPermission, type Permission } from '../core/permissions.ts';
import { UNRECORDED } from './audit-names.ts';
import { shownExplanation } from './explain-document.ts';
import { insideOfFullName } from './full-resource-name.ts';
import { onInstallation } from './places.ts';
import { denied, fullName } from './refusals.ts';
import { type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';

/** Accounts of one group that are told. */
const MOST_MEMBERS = 1_000;

/**
 * Questions about access. Everybody may ask about themselves, and is told of their own grants; about others only who
 * may read the resource's policy.
 */
export const explainRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'iam.troubleshoot',
    method: 'POST',
    path: '/v1/iam:troubleshoot',
    permission: 'account',
    audit: UNRECORDED,
    on: onInstallation,
    summary: 'Explains why somebody has a permission on a resource, or has it not.',
    query: noQuery,
    body: components.TroubleshootIamPolicyRequest,
    response: components.TroubleshootIamPolicyResponse,
    run: async (call) => {
      const tuple = call.body.accessTuple ?? {};
      const question = questionOf(tuple);
      const seen = await seenBy(call, question.on);
      const explanation = await explained(call, tuple.principal, question, seen);
      const { parts, principal } = call;
      const isOwn = isCaller(principal, explanation.member);
      const known = isOwn ? [...seen, ...placesNaming(explanation)] : seen;
      const role = explanation.grants === true ? undefined : parts.explainer.leastRole(question.permission);
      return json({
        ...shownExplanation(explanation, seen, isOwn),
        summary: parts.explainer.summary(explanation, new Set(known)),
        ...(role !== undefined && { suggestedRole: role }),
      });
    },
  }),

  defineRoute({
    id: 'iam.whoCan',
    method: 'POST',
    path: '/v1/iam:whoCan',
    permission: 'account',
    audit: UNRECORDED,
    on: onInstallation,
    summary: 'Tells who has a permission on a resource.',
    query: noQuery,
    body: components.WhoCanRequest,
    response: components.WhoCanResponse,
    run: async (call) => {
      const question = questionOf(call.body);
      const seen = await seenBy(call, question.on);
      requireSeen(call.principal, question.on, seen);
      const holders = await call.parts.explainer.whoCan(question);
      const told = holders.filter(({ on }) => seen.has(on));
      const unseen = [...new Set(holders.map(({ on }) => on))].filter((on) => !seen.has(on));
      const groups = await groupsOf(call, told);
      return json({
        ...(told.length > 0 && { holders: told.map((holder) => shownHolder(holder, groups)) }),
        ...(unseen.length > 0 && { unseen: unseen.map((on) => fullName(GET_POLICY.project, on)) }),
      });
    },
  }),
];

type Call = Pick<ApiCall<unknown, unknown>, 'parts' | 'principal'>;

const GET_POLICY = {
  installation: 'resourcemanager.organizations.getIamPolicy',
  project: 'resourcemanager.projects.getIamPolicy',
  repository: 'artifactregistry.repositories.getIamPolicy',
  serviceAccount: 'iam.serviceAccounts.getIamPolicy',
} as const satisfies Readonly<Record<string, Permission>>;

function getPolicyOn(on: ResourceName): Permission {
  if (on === '/') return GET_POLICY.installation;
  if (on.includes('/repositories/')) return GET_POLICY.repository;
  return on.includes('/serviceAccounts/') ? GET_POLICY.serviceAccount : GET_POLICY.project;
}

/** Of the resource and what is above it, those whose policies the caller may read. */
async function seenBy({ parts, principal }: Call, on: ResourceName): Promise<ReadonlySet<ResourceName>> {
  const project: ResourceName = `projects/${on.split('/')[1] ?? ''}`;
  const places = new Set<ResourceName>(on === '/' ? ['/'] : ['/', project, on]);
  const seen = new Set<ResourceName>();
  for (const place of places)
    if ((await parts.authorizer.check(principal, getPolicyOn(place), place)).allow) seen.add(place);
  return seen;
}

function requireSeen(principal: Principal, on: ResourceName, seen: ReadonlySet<ResourceName>): void {
  if (!seen.has(on)) throw denied(principal, getPolicyOn(on), on);
}

async function explained(
  { parts, principal }: Call,
  written: string | undefined,
  question: AccessQuestion,
  seen: ReadonlySet<ResourceName>,
): Promise<Explanation> {
  if (!written || isCaller(principal, written)) return parts.explainer.explain(principal, question);
  requireSeen(principal, question.on, seen);
  for (const member of membersWritten(written)) {
    const found = await parts.explainer.explainMember(member, question);
    if (found) return found;
  }
  throw invalid('PRINCIPAL_UNKNOWN', `${written.slice(0, 300)} does not exist.`, {
    field: 'access_tuple.principal',
  });
}

const isCaller = (principal: Principal, written: string): boolean =>
  principal.kind !== 'anonymous' && (written === principal.id || written === memberOf(principal));

/** A member as in bindings, or an account without its kind, which an `@` does not tell. */
const membersWritten = (written: string): readonly string[] =>
  /^(?:allUsers|allAuthenticatedUsers)$|^(?:user|serviceAccount|group|domain|principal|principalSet):/.test(
    written,
  )
    ? [written]
    : [`user:${written}`, `serviceAccount:${written}`];

/** Where something is said of whoever was asked about. */
const placesNaming = ({ policies }: Explanation): readonly ResourceName[] =>
  policies.filter(({ bindings }) => bindings.some(({ meaning }) => meaning.length > 0)).map(({ on }) => on);

function questionOf({
  fullResourceName = '',
  permission = '',
  conditionContext = {},
}: Pick<AccessTuple, 'fullResourceName' | 'permission' | 'conditionContext'>): AccessQuestion {
  if (!isPermission(permission))
    throw invalid('PERMISSION_UNKNOWN', `Permission ${permission.slice(0, 200)} is not valid.`, {
      field: 'permission',
    });
  const { on, within } = insideOfFullName(fullResourceName);
  const { package: inPackage, version, tag } = conditionContext.resource ?? {};
  const said: Within = {
    ...within,
    ...(inPackage && { package: inPackage }),
    ...(version && { version }),
    ...(tag && { tag }),
  };
  const time = Date.parse(conditionContext.request?.receiveTime ?? '');
  return {
    permission,
    on,
    ...(Object.keys(said).length > 0 && { within: said }),
    ...(!Number.isNaN(time) && { time }),
  };
}

/** The accounts of the groups that hold something, where the caller may see groups. */
async function groupsOf(
  { parts, principal }: Call,
  holders: readonly Holder[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  if (!(await parts.authorizer.check(principal, 'entrepot.groups.get', '/')).allow) return found;
  for (const { member } of holders) {
    const group = /^group:(.*)$/.exec(member)?.[1];
    if (group === undefined || found.has(member)) continue;
    const { rows } = await parts.resources.groups.members(group, { limit: MOST_MEMBERS });
    found.set(member, [...new Set(rows.map(({ kind, account }) => memberOf({ kind, id: account })))]);
  }
  return found;
}

function shownHolder(holder: Holder, groups: ReadonlyMap<string, readonly string[]>) {
  const { member, role, on, condition, grants } = holder;
  const accounts = groups.get(member);
  return {
    member,
    role,
    fullResourceName: fullName(getPolicyOn(on), on),
    ...(condition && { condition }),
    ...(grants === 'unknown' && { conditional: true }),
    ...(accounts && { groupMembers: accounts }),
  };
}
