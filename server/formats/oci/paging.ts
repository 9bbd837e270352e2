import { invalid } from '../../core/error.ts';
import type { Page } from '../../core/page.ts';

/** `n` and `last` of a list (spec.md, Listing Tags); `last` is exclusive and need not exist. */
export function pageOf(query: URLSearchParams, { usual, most }: { usual: number; most: number }): Page {
  const n = query.get('n');
  if (n !== null && !/^\d{1,9}$/.test(n))
    throw invalid('PAGINATION_NUMBER_INVALID', `n=${n.slice(0, 20)} is not a number of entries`, {
      n: n.slice(0, 20),
    });
  const last = query.get('last');
  const limit = Math.min(n === null ? usual : Number(n), most);
  return last === null || last === '' ? { limit } : { limit, after: last };
}

/** The `Link` header of RFC 5988 to the page after this one. */
export function nextLink(path: string, page: Page, last: string, extra: Record<string, string> = {}): string {
  const query = new URLSearchParams({ n: String(page.limit), last, ...extra });
  return `<${path}?${query.toString()}>; rel="next"`;
}
