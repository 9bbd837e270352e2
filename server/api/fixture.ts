import type { Fixture } from '../http/front-door.ts';
import type { ManagementApi, ManagementApiOptions } from './management-api.ts';
import { rpcError } from './rpc-error.ts';

/** Cloud Logging's version is 2, and so is the registry's root; this path is no registry's. */
const PATH =
  /^\/v2\/entries:list$|^\/(?:v1|v1beta1|v1beta2|v3)\/|^\/(?:download|(?:resumable\/)?upload)\/v1\/|^\/openapi\.json$/;

/**
 * The management API's place in the server. Its schemas take memory and time to build, so that happens with the
 * first request that needs them: a registry that only serves images never pays.
 */
export function managementApi(options: ManagementApiOptions): Fixture {
  let api: Promise<ManagementApi> | undefined;
  const load = async (): Promise<ManagementApi> => {
    const { ManagementApi } = await import('./management-api.ts');
    return new ManagementApi(options);
  };
  return {
    route: 'api',
    matches: (path) => PATH.test(path),
    render: rpcError,
    answer: async (front) => {
      api ??= load();
      return (await api).handle(front);
    },
  };
}
