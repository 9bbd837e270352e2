import type { IndexKind, VersionFacts } from '../core/index-kind.ts';

/**
 * An index without what came after a time, in milliseconds since the epoch. Of what does not say when it came, `wasThere` tells;
 * answers nothing where that leaves none.
 */
export async function cutIndex<T>(
  kind: IndexKind<T>,
  value: T,
  asOf: number,
  wasThere: (version: string) => Promise<boolean>,
): Promise<T | undefined> {
  if (!kind.versions || !kind.prune) return value;
  const facts = [...kind.versions(value)];
  const isThen = async ({ version, publishedAt }: VersionFacts): Promise<boolean> =>
    publishedAt === undefined ? wasThere(version) : publishedAt <= asOf;
  const keep = new Set<string>();
  for (const fact of facts) if (await isThen(fact)) keep.add(fact.entry ?? fact.version);
  if (keep.size === facts.length) return value;
  return keep.size === 0 ? undefined : kind.prune(value, (entry) => keep.has(entry));
}
