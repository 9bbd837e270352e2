import type { DeletedVersion, UndeleteVersionResponse } from './schemas/trash.ts';
import type { CallOptions, Transport } from './transport.ts';
import { getting, type Named } from './verbs.ts';

interface TrashOptions extends CallOptions {
  /** At most 1000. */
  readonly pageSize?: number;
  /** Id of the only package to list of. */
  readonly package?: string;
}
interface TrashPage {
  readonly deletedVersions?: readonly Named<DeletedVersion>[];
  readonly nextPageToken?: string;
}

/** What was deleted and can be restored; names are `…/repositories/R/deletedVersions/ID`. */
export function trashOf(http: Transport) {
  return {
    ...getting<DeletedVersion>(http),
    /** The newest deletion first. */
    async *list(
      repository: string,
      { pageSize, package: pkg, ...call }: TrashOptions = {},
    ): AsyncGenerator<Named<DeletedVersion>, void, undefined> {
      let page: TrashPage = {};
      do {
        const query = { pageSize, package: pkg, pageToken: page.nextPageToken };
        const path = `${repository}/deletedVersions`;
        page = await http.json<TrashPage>({ method: 'GET', path, query, ...call });
        yield* page.deletedVersions ?? [];
      } while (page.nextPageToken !== undefined && page.nextPageToken !== '');
    },
    undelete: (name: string, call: CallOptions = {}): Promise<UndeleteVersionResponse> =>
      http.json({ method: 'POST', path: name, verb: 'undelete', body: {}, ...call }),
    /** Deletes it for good. */
    purge: async (name: string, call: CallOptions = {}): Promise<void> => {
      await http.raw({ method: 'DELETE', path: name, ...call });
    },
  };
}
