import type { RepositorySettings } from '../../core/resources.ts';

/** The columns that say which tags of a repository are held. */
export const immutability = ({
  immutableTags,
  immutableTagPatterns = [],
}: Pick<RepositorySettings, 'immutableTags' | 'immutableTagPatterns'>) => ({
  immutable_tags: immutableTags ? 1 : 0,
  immutable_tag_patterns: JSON.stringify(immutableTagPatterns.map(globOf)),
});

/** As SQLite's GLOB has it, where more than `*` has a meaning (sqlite.org/lang_expr.html#glob). */
const globOf = (pattern: string): string => pattern.replaceAll(/[?[]/g, '[$&]');
