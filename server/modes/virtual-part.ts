import { isNotFound, notFound } from '../core/error.ts';
import type { IndexKey, IndexKind, IndexPart, Listing } from '../core/index-kind.ts';
import type { CacheState } from '../core/repo.ts';
import { failureOf } from './virtual-failures.ts';

/** What one member has of an index. */
export interface MemberPart<T> {
  readonly member: { readonly id: number; readonly name: string };
  readonly part: IndexPart<T>;
}

/** One index of several: the earlier part wins where two disagree. `failed` are members that could not be asked. */
export function mergedPart<T>(
  kind: IndexKind<T>,
  key: IndexKey,
  parts: readonly MemberPart<T>[],
  failed: readonly string[],
): IndexPart<T> {
  const without = [...failed, ...parts.flatMap(({ part }) => part.without ?? [])];
  const source = sourceOf(parts);
  const cache = worstOf(parts.flatMap(({ part }) => part.cache ?? []));
  let merged: Promise<T> | undefined;
  const value = (): Promise<T> => (merged ??= valueOf(kind, key, parts));
  return {
    ...(source !== undefined && without.length === 0 && { source, audience: audienceOf(parts) }),
    value,
    listing: async (): Promise<Listing> => kind.listing?.(await value(), key) ?? new Map(),
    ...(cache && { cache }),
    ...(without.length > 0 && { without }),
  };
}

async function valueOf<T>(kind: IndexKind<T>, key: IndexKey, parts: readonly MemberPart<T>[]): Promise<T> {
  const read = await Promise.all(parts.map(async (each) => present(each)));
  const [first, ...others] = read.flatMap((values) => values);
  if (first === undefined) throw notFound('INDEX', { key: key.of });
  return others.length === 0 ? first : kind.merge([first, ...others], key);
}

/** A part may turn out to be of nothing only when it is made. */
async function present<T>({ member, part }: MemberPart<T>): Promise<readonly T[]> {
  try {
    return [await part.value()];
  } catch (error) {
    if (isNotFound(error)) return [];
    throw failureOf(member.name, error);
  }
}

/** Which members it is of, in their order, and what each had: what callers with other rights get has another one. */
function sourceOf(parts: readonly MemberPart<unknown>[]): string | undefined {
  const sources = parts.map(({ member, part }) =>
    part.source === undefined ? [] : [member.id, part.source],
  );
  return sources.some((source) => source.length === 0) ? undefined : JSON.stringify(sources);
}

/** Those who see the same members, to whom every change of one is the same. */
const audienceOf = (parts: readonly MemberPart<unknown>[]): string =>
  parts
    .map(({ member, part }) => `${member.id}${part.audience === undefined ? '' : `(${part.audience})`}`)
    .join(' ');

const BAD: Readonly<Record<CacheState['outcome'], number>> = {
  hit: 0,
  revalidated: 1,
  miss: 2,
  asked: 3,
  stale: 4,
};

/** Of several copies together: as old as the oldest, as bad as the worst, and good for as long as all are. */
export function worstOf(states: readonly CacheState[]): CacheState | undefined {
  const [first, ...others] = states;
  if (!first || others.length === 0) return first;
  const { outcome, detail } = states.reduce((a, b) => (BAD[b.outcome] > BAD[a.outcome] ? b : a));
  const validatedAt = Math.min(...states.map((state) => state.validatedAt));
  const ends = states.flatMap((state) =>
    state.maxAge === undefined ? [] : [state.validatedAt + state.maxAge * 1_000],
  );
  return {
    outcome,
    validatedAt,
    ...(ends.length > 0 && { maxAge: Math.floor((Math.min(...ends) - validatedAt) / 1_000) }),
    ...(detail !== undefined && { detail }),
  };
}
