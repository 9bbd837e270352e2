import { invalid } from '../core/error.ts';
import type { Principal } from '../core/iam.ts';
import type { Condition, Listed, ListQuery, Position, SortField } from '../core/resources.ts';
import { parseFilter } from './filter.ts';
import type { ApiCall } from './route.ts';

const USUAL_PAGE = 100;
const LARGEST_PAGE = 1000;

interface ListInput {
  readonly pageSize?: number;
  readonly pageToken?: string;
  readonly filter?: string;
  readonly orderBy?: string;
}

type SortFields = Readonly<Record<string, SortField>>;

export const NAME_ONLY: SortFields = { name: 'name' };
export const SORT_FIELDS: SortFields = { name: 'name', createTime: 'createTime', updateTime: 'updateTime' };

interface ListFacts {
  /** What the list is of; a token is good for one list only. */
  readonly of: string;
  readonly filters?: readonly Condition['field'][];
  readonly orders?: SortFields;
}

type ListCall = Pick<ApiCall<ListInput, unknown>, 'query' | 'principal' | 'parts' | 'params'>;

export interface PageRequest {
  readonly query: ListQuery;
  /** The answer's `nextPageToken`, where there is a next page. */
  token(next: Position | undefined): { readonly nextPageToken?: string };
}

/** Reads page size, page token, filter and order of a list. */
export function pageRequest(
  { query, principal, parts, params }: ListCall,
  { of, filters = [], orders = NAME_ONLY }: ListFacts,
): PageRequest {
  const { filter = '', orderBy = '', pageToken = '' } = query;
  const condition = filter === '' ? undefined : parseFilter(filter, filters);
  const boundTo = [callerOf(principal), of, params, filter, orderBy];
  const after = pageToken === '' ? undefined : parts.pages.open(pageToken, boundTo);
  if (pageToken !== '' && !Array.isArray(after))
    throw invalid('PAGE_TOKEN_INVALID', 'Request contains an invalid argument: page token is invalid.', {
      field: 'page_token',
    });
  return {
    query: {
      limit: pageSizeOf(query.pageSize ?? 0),
      order: parseOrder(orderBy, orders),
      ...(condition && { condition }),
      ...(after !== undefined && { after: after as Position }),
    },
    token: (next) => (next ? { nextPageToken: parts.pages.seal(next, boundTo) } : {}),
  };
}

/** A list's answer: members only where there are some. */
export const listAnswer = <T>(
  collection: string,
  { rows, next }: Listed<T>,
  request: PageRequest,
  show: (row: T) => object,
): object => ({ ...(rows.length > 0 && { [collection]: rows.map(show) }), ...request.token(next) });

function pageSizeOf(asked: number): number {
  if (asked < 0)
    throw invalid(
      'PAGE_SIZE_INVALID',
      'Request contains an invalid argument: page_size must not be negative.',
      {
        field: 'page_size',
      },
    );
  return asked === 0 ? USUAL_PAGE : Math.min(asked, LARGEST_PAGE);
}

function parseOrder(text: string, fields: SortFields): ListQuery['order'] {
  if (text.trim() === '') return { by: 'name', descending: false };
  const [, name = '', direction = ''] = /^\s*([A-Za-z_]+)(?:\s+(asc|desc))?\s*$/i.exec(text) ?? [];
  const by = new Map(Object.entries(fields)).get(camel(name));
  if (!by)
    throw invalid(
      'ORDER_BY_INVALID',
      `Request contains an invalid argument: invalid order_by "${text.slice(0, 100)}"; ` +
        `order by one of ${Object.keys(fields).join(', ')}.`,
      { field: 'order_by' },
    );
  return { by, descending: direction.toLowerCase() === 'desc' };
}

const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const callerOf = (principal: Principal): string =>
  principal.kind === 'anonymous' ? '' : `${principal.kind}:${principal.id}`;
