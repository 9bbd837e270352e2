import type { Repository } from '../../contract/schemas/repository.ts';
import { invalid } from '../core/error.ts';

type DockerConfig = NonNullable<Repository['dockerConfig']>;

const MOST = 20;
/** What tags are made of in every format (facts: Tag), and `*`. */
const PATTERN = /^[a-zA-Z0-9\-._~:@*]{1,128}$/;
const FIELD = 'repository.docker_config.immutable_tag_patterns';

/** The same as it is stored: no list where it is empty. */
export function checkedDockerConfig({ immutableTagPatterns, ...config }: DockerConfig): DockerConfig {
  const patterns = [...new Set(immutableTagPatterns)];
  if (patterns.length === 0) return config;
  if (config.immutableTags !== true)
    throw refusal(
      'dockerConfig.immutableTagPatterns narrow what dockerConfig.immutableTags holds; set immutableTags to true ' +
        'as well, or leave the patterns out',
    );
  if (patterns.length > MOST)
    throw refusal(
      `dockerConfig.immutableTagPatterns has ${patterns.length} patterns; at most ${MOST} are possible`,
    );
  const wrong = patterns.find((pattern) => !PATTERN.test(pattern));
  if (wrong !== undefined)
    throw refusal(
      `"${wrong.slice(0, 140)}" is no pattern of tags: write 1 to 128 characters of tags, with * for any text, ` +
        'such as v* or release-*',
    );
  return { ...config, immutableTagPatterns: patterns };
}

/** Turning immutability off takes with it the patterns that were there and are not asked for again. */
export function withoutIdlePatterns(before: Repository, after: Repository): Repository {
  const { immutableTags, immutableTagPatterns, ...config } = after.dockerConfig ?? {};
  if (immutableTags === true || before.dockerConfig?.immutableTags !== true) return after;
  if (!isSame(before.dockerConfig.immutableTagPatterns, immutableTagPatterns)) return after;
  return {
    ...after,
    ...(after.dockerConfig && {
      dockerConfig: { ...config, ...(immutableTags !== undefined && { immutableTags }) },
    }),
  };
}

const isSame = (a: readonly string[] = [], b: readonly string[] = []): boolean =>
  a.length === b.length && a.every((pattern, index) => pattern === b[index]);

const refusal = (why: string) =>
  invalid('TAG_PATTERNS_INVALID', `Request contains an invalid argument: ${why}.`, { field: FIELD });
