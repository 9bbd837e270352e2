import { components } from '../../contract/components.ts';
import { noQuery } from '../../contract/schemas/requests.ts';
import { invalid, RegistryError } from '../core/error.ts';
import type { Principal, ResourceName } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { ServiceAccountAddress } from '../core/service-accounts.ts';
import { onServiceAccount, SERVICE_ACCOUNT } from './places.ts';
import { denied, found } from './refusals.ts';
import { type ApiCall, type ApiRoute, defineRoute, json } from './route.ts';
import { serviceAccountAt, serviceAccountName } from './service-accounts.ts';
import { timestamp } from './timestamp.ts';

const MOST_SECONDS = 3600;
const MOST_DELEGATES = 4;
const TARGET: Permission = 'iam.serviceAccounts.getAccessToken';
const DELEGATE: Permission = 'iam.serviceAccounts.implicitDelegation';

type Call = Pick<ApiCall<unknown, unknown>, 'parts' | 'principal' | 'asked'>;

/**
 * google.iam.credentials.v1. There is no signJwt, signBlob or generateIdToken: private keys are not kept here, so nothing can
 * be signed with them.
 */
export const iamCredentialsRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'serviceAccounts.generateAccessToken',
    method: 'POST',
    path: `${SERVICE_ACCOUNT}:generateAccessToken`,
    permission: TARGET,
    audit: {
      service: 'iamcredentials.googleapis.com',
      method: 'GenerateAccessToken',
      // Google counts it among the reads of data; here every token that is made is recorded.
      type: 'ADMIN_WRITE',
    },
    on: onServiceAccount,
    // With delegates it is not the caller but the last of them who needs the permission.
    filtered: true,
    summary: 'Makes a short-lived access token of a service account, for those who may act as it.',
    query: noQuery,
    body: components.GenerateAccessTokenRequest,
    response: components.GenerateAccessTokenResponse,
    run: async (call) => {
      const { parts, params, body, bearer, act } = call;
      const address = serviceAccountAt(params);
      await checkChain(call, body.delegates ?? [], address);
      const { scope: scopes = [], lifetime } = body;
      if (scopes.length === 0)
        throw refusal(
          'scope must name at least one, such as https://www.googleapis.com/auth/cloud-platform',
          'scope',
        );
      const seconds = secondsOf(lifetime);
      await requireEnabled(call, address);
      const request = { of: address.email, caller: bearer, seconds, scopes };
      const issued = await parts.impersonation.issue(request, act);
      const expires = issued.issuedAt.getTime() + issued.expiresInSeconds * 1000;
      return json({ accessToken: issued.secret, expireTime: timestamp(expires) });
    },
  }),
];

/** The caller may delegate to the first, each to the next, and the last may act as the target. */
async function checkChain(
  call: Call,
  delegates: readonly string[],
  target: ServiceAccountAddress,
): Promise<void> {
  if (delegates.length > MOST_DELEGATES)
    throw refusal(`delegates are at most ${MOST_DELEGATES}`, 'delegates');
  const { impersonation, resources } = call.parts;
  let holder = call.principal;
  for (const name of delegates) {
    const asked = delegateIn(name);
    const delegate = await resources.serviceAccounts.locate(asked.project, asked.email);
    await requireHeld(call, holder, { permission: DELEGATE, on: delegate, asked: onAccount(asked) });
    // A right on all accounts of a project is none on those of another that are named as if they were in it.
    const there = await resources.serviceAccounts.get(delegate);
    const next = there && (await impersonation.principal(there.email));
    if (!next) throw denied(call.principal, DELEGATE, onAccount(asked));
    holder = next;
  }
  await requireHeld(call, holder, { permission: TARGET, on: target, asked: onServiceAccount(call.asked) });
}

/** `projects/-/serviceAccounts/E`, or just `E`. */
function delegateIn(name: string): ServiceAccountAddress {
  const [, project = '-', email] = /^(?:projects\/([^/]+)\/serviceAccounts\/)?([^/]+)$/.exec(name) ?? [];
  if (email !== undefined) return { project, email };
  throw refusal('delegates are written projects/-/serviceAccounts/EMAIL', 'delegates');
}

interface Right {
  readonly permission: Permission;
  readonly on: ServiceAccountAddress;
  /** The name that it was asked for by, which is all that a refusal may tell. */
  readonly asked: ResourceName;
}

async function requireHeld(
  { parts, principal }: Call,
  holder: Principal,
  { permission, on, asked }: Right,
): Promise<void> {
  const decision = await parts.authorizer.check(holder, permission, onAccount(on));
  if (!decision.allow) throw denied(principal, permission, asked);
}

async function requireEnabled({ parts }: Call, address: ServiceAccountAddress): Promise<void> {
  const name = serviceAccountName(address);
  const { disabled } = found(await parts.resources.serviceAccounts.get(address), name);
  if (disabled)
    throw new RegistryError('FAILED_PRECONDITION', 'SERVICE_ACCOUNT_DISABLED', `${name} is disabled.`);
}

function secondsOf(lifetime = `${MOST_SECONDS}s`): number {
  const seconds = Math.floor(Number(lifetime.slice(0, -1)));
  if (seconds >= 1 && seconds <= MOST_SECONDS) return seconds;
  throw refusal(
    `lifetime must be 1s to ${MOST_SECONDS}s; longer tokens, as Google can be set to make, are not possible here`,
    'lifetime',
  );
}

const onAccount = ({ project, email }: ServiceAccountAddress): ResourceName =>
  onServiceAccount({ project, account: email });

const refusal = (why: string, field: string): RegistryError =>
  invalid('IMPERSONATION_INVALID', `Request contains an invalid argument: ${why}.`, { field });
