import type { Operation } from './schemas/operation.ts';
import type { PurgeCacheRequest, PurgeCacheResponse, UpstreamStatus } from './schemas/remote-cache.ts';
import type { CallOptions, Transport } from './transport.ts';

/** What remote repositories copied; all of it is about a repository, by name. */
export function remoteCachesOf(http: Transport) {
  return {
    remoteCaches: {
      purge: (
        repository: string,
        request: PurgeCacheRequest,
        call: CallOptions = {},
      ): Promise<PurgeCacheResponse> =>
        http.json({ method: 'POST', path: repository, verb: 'purgeCache', body: request, ...call }),
      upstreamStatus: (repository: string, call: CallOptions = {}): Promise<UpstreamStatus> =>
        http.json({ method: 'GET', path: repository, verb: 'upstreamStatus', ...call }),
      /** The operation's metadata, and at last its response, is the report. */
      prefetch: (
        repository: string,
        artifacts: readonly string[],
        call: CallOptions = {},
      ): Promise<Operation> =>
        http.json({ method: 'POST', path: repository, verb: 'prefetch', body: { artifacts }, ...call }),
    },
  };
}
