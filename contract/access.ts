import { ApiError } from './api-error.ts';
import type { AccessTuple, Troubleshooting, WhoCan } from './schemas/explain.ts';
import type { Policy } from './schemas/policy.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Conditions are only seen, and only kept, by those who ask for the format that has them. */
const VERSION = 3;
const ATTEMPTS = 6;

/**
 * Policies of whatever has one: names of repositories, projects and service accounts, and `organizations/entrepot`.
 */
export function policiesOf(http: Transport) {
  const get = (name: string, call: CallOptions = {}): Promise<Policy> =>
    http.json({
      method: 'GET',
      path: name,
      verb: 'getIamPolicy',
      query: { 'options.requestedPolicyVersion': VERSION },
      ...call,
    });
  /** ABORTED when somebody else changed it since the policy's etag was read. */
  const set = (name: string, policy: Policy, call: CallOptions = {}): Promise<Policy> =>
    http.json({
      method: 'POST',
      path: name,
      verb: 'setIamPolicy',
      body: { policy: { ...policy, version: VERSION } },
      ...call,
    });
  return {
    get,
    set,
    /** Reads, changes and writes it, again from the start as long as others get in between. */
    change: async (
      name: string,
      change: (current: Policy) => Policy,
      call: CallOptions = {},
    ): Promise<Policy> => {
      for (let attempt = 1; ; attempt += 1) {
        const current = await get(name, call);
        try {
          return await set(name, { ...change(current), ...(current.etag && { etag: current.etag }) }, call);
        } catch (thrown) {
          if (!(thrown instanceof ApiError) || thrown.code !== 'ABORTED' || attempt === ATTEMPTS)
            throw thrown;
          await http.pause(50 * 2 ** attempt, call.signal);
        }
      }
    },
    /** Those of the permissions that the caller holds. */
    test: async (
      name: string,
      permissions: readonly string[],
      call: CallOptions = {},
    ): Promise<readonly string[]> => {
      const answer = await http.json<{ readonly permissions?: readonly string[] }>({
        method: 'POST',
        path: name,
        verb: 'testIamPermissions',
        body: { permissions },
        ...call,
      });
      return answer.permissions ?? [];
    },
  };
}

/** Questions about who may do what. */
export const accessOf = (http: Transport) => ({
  troubleshoot: (accessTuple: AccessTuple, call: CallOptions = {}): Promise<Troubleshooting> =>
    http.json({ method: 'POST', path: 'iam', verb: 'troubleshoot', body: { accessTuple }, ...call }),
  whoCan: (question: Omit<AccessTuple, 'principal'>, call: CallOptions = {}): Promise<WhoCan> =>
    http.json({ method: 'POST', path: 'iam', verb: 'whoCan', body: question, ...call }),
});
