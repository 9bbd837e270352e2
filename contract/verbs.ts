import type { Operation } from './schemas/operation.ts';
import type { CallOptions, QueryValue, Transport } from './transport.ts';

export interface ListOptions extends CallOptions {
  /** At most 1000; the server chooses when absent. */
  readonly pageSize?: number;
  readonly filter?: string;
  /** One field, optionally followed by ` desc`. */
  readonly orderBy?: string;
}
export interface PageOptions extends ListOptions {
  readonly pageToken?: string;
}
export interface Paged<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
}
export interface PatchOptions extends CallOptions {
  /** Field paths. Without them every mutable field is replaced. */
  readonly updateMask?: readonly string[];
}

/** A resource as the server answers it: always with its name. */
export type Named<T> = T & { readonly name: string };

export interface Listing<T, Extra = unknown> {
  /** One page of what `parent` has. */
  page(parent: string, options?: PageOptions & Extra): Promise<Paged<Named<T>>>;
  /** Everything `parent` has, page after page. */
  list(parent: string, options?: ListOptions & Extra): AsyncIterable<Named<T>>;
}

export const getting = <T>(http: Transport) => ({
  get: (name: string, call: CallOptions = {}): Promise<Named<T>> =>
    http.json({ method: 'GET', path: name, ...call }),
});

export const patching = <T>(http: Transport) => ({
  patch: (name: string, body: T, { updateMask, ...call }: PatchOptions = {}): Promise<Named<T>> =>
    http.json({ method: 'PATCH', path: name, body, query: { updateMask: updateMask?.join(',') }, ...call }),
});

/** Answers an operation; `operations.wait` says when the thing is gone. */
export const deleting = (http: Transport) => ({
  delete: (name: string, call: CallOptions = {}): Promise<Operation> =>
    http.json({ method: 'DELETE', path: name, ...call }),
});

/** `member` is the answer's field, where it is not called as the collection is. */
export function listing<T, Extra = unknown>(
  http: Transport,
  collection: string,
  member = collection,
): Listing<T, Extra> {
  const page = async (parent: string, options: PageOptions = {}): Promise<Paged<Named<T>>> => {
    const { signal, ...rest } = options;
    const query = rest as Readonly<Record<string, QueryValue>>;
    const path = parent === '' ? collection : `${parent}/${collection}`;
    const answer = await http.json<Readonly<Record<string, unknown>>>({
      method: 'GET',
      path,
      query,
      ...(signal ? { signal } : {}),
    });
    const items = (answer[member] ?? []) as readonly Named<T>[];
    const next = answer['nextPageToken'];
    return typeof next === 'string' && next !== '' ? { items, nextPageToken: next } : { items };
  };

  async function* list(parent: string, options: ListOptions = {}): AsyncGenerator<Named<T>, void, undefined> {
    let at: PageOptions = options;
    for (;;) {
      const { items, nextPageToken } = await page(parent, at);
      yield* items;
      if (nextPageToken === undefined) return;
      at = { ...options, pageToken: nextPageToken };
    }
  }
  return { page, list };
}
