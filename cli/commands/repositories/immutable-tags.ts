import type { Repository } from '../../../contract/client.ts';
import { usage } from '../../exit.ts';
import { list, toggle } from '../../grammar/flags.ts';

export const immutableTagPatterns = list(
  'PATTERN',
  'Only tags that match one of these are immutable; * stands for any text. Makes those immutable.',
);
export const clearImmutableTagPatterns = toggle(
  'Forget the patterns; where tags are immutable, all of them are then.',
);

interface Given {
  readonly immutableTags: boolean | undefined;
  readonly immutableTagPatterns: readonly string[] | undefined;
  readonly clearImmutableTagPatterns?: boolean | undefined;
}
type DockerConfig = NonNullable<Repository['dockerConfig']>;

/** What the flags say of immutable tags: only the fields that they name, an empty list for no patterns. */
export function dockerConfigOf(given: Given): DockerConfig | undefined {
  const { immutableTags, immutableTagPatterns: patterns, clearImmutableTagPatterns: clear } = given;
  if (patterns !== undefined) {
    if (clear) throw usage('--immutable-tag-patterns and --clear-immutable-tag-patterns exclude each other');
    if (immutableTags === false)
      throw usage('--no-immutable-tags leaves nothing for --immutable-tag-patterns');
    if (patterns.length === 0)
      throw usage(
        '--immutable-tag-patterns names no pattern; to have none, use --clear-immutable-tag-patterns',
      );
    return { immutableTags: true, immutableTagPatterns: patterns };
  }
  if (immutableTags === undefined && !clear) return undefined;
  return {
    ...(immutableTags !== undefined && { immutableTags }),
    ...(clear && { immutableTagPatterns: [] }),
  };
}
