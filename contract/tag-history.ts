import type { Tag } from './schemas/artifacts.ts';
import type { RollbackTagRequest, TagEvent } from './schemas/tag-history.ts';
import type { CallOptions, Transport } from './transport.ts';
import type { Named } from './verbs.ts';

interface HistoryOptions extends CallOptions {
  /** At most 1000. */
  readonly pageSize?: number;
}
interface HistoryPage {
  readonly events?: readonly TagEvent[];
  readonly nextPageToken?: string;
}

/** What happened to tags, newest first. */
export function tagHistoryOf(http: Transport) {
  async function* pages(
    from: { readonly path: string; readonly verb?: string },
    { pageSize, ...call }: HistoryOptions,
  ): AsyncGenerator<TagEvent, void, undefined> {
    let page: HistoryPage = {};
    do {
      const query = { pageSize, pageToken: page.nextPageToken };
      page = await http.json<HistoryPage>({ method: 'GET', ...from, query, ...call });
      yield* page.events ?? [];
    } while (page.nextPageToken !== undefined && page.nextPageToken !== '');
  }

  return {
    ofTag: (name: string, options: HistoryOptions = {}) => pages({ path: name, verb: 'history' }, options),
    ofPackage: (name: string, options: HistoryOptions = {}) => pages({ path: `${name}/tagHistory` }, options),
    /** Points a tag at what it named before. */
    rollback: (name: string, to: RollbackTagRequest = {}, call: CallOptions = {}): Promise<Named<Tag>> =>
      http.json({ method: 'POST', path: name, verb: 'rollback', body: to, ...call }),
  };
}
