import type { RecountUsageResponse, Usage, UsageReport } from './schemas/usage.ts';
import type { CallOptions, Transport } from './transport.ts';

interface UsageOptions extends CallOptions {
  /** At most 1000. */
  readonly pageSize?: number;
  /** Told what there is in all, before the first part. */
  readonly onTotal?: (total: Usage) => void;
}

/** What is stored, and where. */
export function usageOf(http: Transport) {
  return {
    /** The parts of a project, repository or package by its name; without one, the projects of the installation. */
    async *parts(
      name: string | undefined,
      { pageSize, onTotal, ...call }: UsageOptions = {},
    ): AsyncGenerator<Usage, void, undefined> {
      const path = name === undefined ? 'usage' : `${name}/usage`;
      let page: UsageReport | undefined;
      do {
        const query = { pageSize, pageToken: page?.nextPageToken };
        const next: UsageReport = await http.json({ method: 'GET', path, query, ...call });
        if (!page) onTotal?.(next.total ?? {});
        page = next;
        yield* page.parts ?? [];
      } while (page.nextPageToken !== undefined && page.nextPageToken !== '');
    },
    recount: (call: CallOptions = {}): Promise<RecountUsageResponse> =>
      http.json({ method: 'POST', path: 'usage', verb: 'recount', body: {}, ...call }),
  };
}
