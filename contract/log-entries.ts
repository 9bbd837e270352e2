import type { LogEntry } from './schemas/logging.ts';
import type { CallOptions, Transport } from './transport.ts';

export interface LogQuery extends CallOptions {
  readonly filter?: string;
}
export interface LogListing extends LogQuery {
  readonly order?: 'asc' | 'desc';
  /** At most 1000. */
  readonly pageSize?: number;
}
export interface LogExport extends LogQuery {
  /** The last entry that arrived of an export that broke off. */
  readonly after?: Pick<LogEntry, 'timestamp' | 'insertId'>;
}

interface LogPage {
  readonly entries?: readonly LogEntry[];
  readonly nextPageToken?: string;
}

/** The audit logs of places: names of projects, or `organizations/entrepot` for all of them. */
export function logEntriesOf(http: Transport) {
  return {
    /** Entry after entry. */
    async *list(
      places: readonly string[],
      { filter, order = 'asc', pageSize = 1000, ...call }: LogListing = {},
    ): AsyncGenerator<LogEntry, void, undefined> {
      const question = { resourceNames: places, filter, pageSize, orderBy: `timestamp ${order}` };
      let page: LogPage = {};
      do {
        page = await http.json<LogPage>({
          method: 'POST',
          version: 'v2',
          path: 'entries',
          verb: 'list',
          body: { ...question, pageToken: page.nextPageToken },
          ...call,
        });
        yield* page.entries ?? [];
      } while (page.nextPageToken !== undefined && page.nextPageToken !== '');
    },

    /** Everything, oldest first, as a streaming response of one JSON value to a line. */
    export: (place: string, { filter, after, ...call }: LogExport = {}): Promise<Response> =>
      http.raw({
        method: 'GET',
        path: `${place}/auditLogs`,
        verb: 'export',
        query: { filter, afterTime: after?.timestamp, afterId: after?.insertId },
        ...call,
      }),
  };
}
