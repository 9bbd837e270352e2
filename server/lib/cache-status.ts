import type { CacheState } from '../core/repo.ts';

/** What this cache is called. */
const NAME = 'entrepot';

/** A copy, or, `absent`, that the upstream said that it has no such thing, which is remembered like one. */
type Known = Omit<CacheState, 'outcome'> & { readonly outcome: CacheState['outcome'] | 'absent' };

/** What an answer says of the copy it was made of: `Cache-Status` (RFC 9211) and `Age` (RFC 9111 5.1). */
export function cacheHeaders(
  { outcome, validatedAt, maxAge, detail }: Known,
  now: number,
): Readonly<Record<string, string>> {
  const age = Math.max(0, Math.floor((now - validatedAt) / 1_000));
  const ttl = maxAge === undefined ? '' : `; ttl=${maxAge - age}`;
  const why = detail === undefined ? '' : `; detail=${detail}`;
  const status = {
    hit: `hit${ttl}`,
    miss: `fwd=miss; fwd-status=200; stored${ttl}`,
    asked: `fwd=miss; fwd-status=200${ttl}`,
    absent: `fwd=miss; stored${ttl}`,
    revalidated: `fwd=stale; fwd-status=304${ttl}`,
    stale: `hit${ttl}${why}`,
  }[outcome];
  return {
    'cache-status': `${NAME}; ${status}`,
    age: String(outcome === 'miss' || outcome === 'absent' ? 0 : age),
  };
}

/** What a refusal says for which the upstream was asked, and could not answer. */
export const failureHeaders = (reason: string): Readonly<Record<string, string>> => ({
  'cache-status': `${NAME}; fwd=miss; detail=${detailOf(reason)}`,
});

/** A failure's reason in a word of `detail`. */
export const detailOf = (reason: string): string => reason.toLowerCase().replaceAll('_', '-');

/** What an answer says that was made without some of its members, which makes it nobody's to keep. */
export const partialHeaders = (without: readonly string[]): Readonly<Record<string, string>> => ({
  'cache-control': 'no-store',
  'entrepot-without': without.join(', '),
  warning: `199 entrepot "answered without ${without.join(', ').replaceAll(/["\\\r\n]/g, '')}"`,
});
