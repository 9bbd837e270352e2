import type {
  GenerateAccessTokenResponse,
  ServiceAccount,
  ServiceAccountKey,
} from './schemas/service-account.ts';
import type { CallOptions, Transport } from './transport.ts';
import { getting, listing, type Named } from './verbs.ts';

/** Of any project; `account` is an e-mail or a unique id. */
export const serviceAccountName = (account: string): `projects/-/serviceAccounts/${string}` =>
  `projects/-/serviceAccounts/${account}`;

/** Service accounts and their keys; names are `projects/P/serviceAccounts/E` and `projects/P/serviceAccounts/E/keys/K`. */
export function serviceAccountsOf(http: Transport) {
  const post = <T>(
    path: string,
    body: unknown,
    { verb, ...call }: CallOptions & { readonly verb?: string },
  ) => http.json<T>({ method: 'POST', path, ...(verb !== undefined && { verb }), body, ...call });
  const common = {
    delete: async (name: string, call: CallOptions = {}): Promise<void> => {
      await http.raw({ method: 'DELETE', path: name, ...call });
    },
    disable: async (name: string, call: CallOptions = {}): Promise<void> => {
      await post(name, {}, { verb: 'disable', ...call });
    },
    enable: async (name: string, call: CallOptions = {}): Promise<void> => {
      await post(name, {}, { verb: 'enable', ...call });
    },
  };

  return {
    serviceAccounts: {
      ...getting<ServiceAccount>(http),
      ...listing<ServiceAccount>(http, 'serviceAccounts', 'accounts'),
      ...common,
      create: (
        project: string,
        request: { readonly accountId: string; readonly serviceAccount?: ServiceAccount },
        call: CallOptions = {},
      ): Promise<Named<ServiceAccount>> => post(`${project}/serviceAccounts`, request, call),
      patch: (
        name: string,
        account: ServiceAccount,
        { updateMask, ...call }: CallOptions & { readonly updateMask: readonly string[] },
      ): Promise<Named<ServiceAccount>> =>
        http.json({
          method: 'PATCH',
          path: name,
          body: { serviceAccount: account, updateMask: updateMask.join(',') },
          ...call,
        }),
      /** A token of the account for whoever may act as it; delegates, where there are some, in their order. */
      generateAccessToken: (
        name: string,
        request: { readonly scope: readonly string[]; readonly delegates?: readonly string[] },
        call: CallOptions = {},
      ): Promise<GenerateAccessTokenResponse> =>
        post(name, request, { verb: 'generateAccessToken', ...call }),
    },

    serviceAccountKeys: {
      ...getting<ServiceAccountKey>(http),
      ...common,
      list: async (parent: string, call: CallOptions = {}): Promise<readonly Named<ServiceAccountKey>[]> => {
        const answer = await http.json<{ readonly keys?: readonly Named<ServiceAccountKey>[] }>({
          method: 'GET',
          path: `${parent}/keys`,
          ...call,
        });
        return answer.keys ?? [];
      },
      /** The answer alone has the private key: `privateKeyData` is base64 of the key file. */
      create: (parent: string, call: CallOptions = {}): Promise<Named<ServiceAccountKey>> =>
        post(`${parent}/keys`, {}, call),
      /** `publicKeyData` is base64 of PEM. */
      upload: (
        parent: string,
        publicKeyData: string,
        call: CallOptions = {},
      ): Promise<Named<ServiceAccountKey>> =>
        post(`${parent}/keys`, { publicKeyData }, { verb: 'upload', ...call }),
    },
  };
}
