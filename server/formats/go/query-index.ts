import type { CatalogReader } from '../../core/catalog.ts';
import { notFound } from '../../core/error.ts';
import { defineIndex, type IndexKey } from '../../core/index-kind.ts';
import { timeOfRow } from './attributes.ts';
import { type Info, LARGEST_INFO, parseInfo, renderInfo } from './info.ts';
import { factsOf, JSON_TYPE, keptOut } from './latest-index.ts';
import { escaped } from './names.ts';
import { wrongFilePath } from './paths.ts';

/** Seconds. */
const MAX_AGE = 60;
const TAGS = 500;

/** What a name stands for that is none of a version: here a tag, on other servers also a branch or a commit. */
export const queryIndex = defineIndex<Info>({
  name: 'go.query',
  build,
  upstream: {
    target: ({ of: module, filter = '' }) => ({ target: `${escaped(module)}/@v/${written(filter)}.info` }),
    maxBytes: LARGEST_INFO,
    parse: (body) => parseInfo(body),
    package: ({ of: module }) => module,
    maxAge: MAX_AGE,
  },
  merge([first]) {
    if (!first) throw new TypeError('there is nothing to merge');
    return first;
  },
  versions: (info) => [factsOf(info)],
  prune(info, keep) {
    if (!keep(info.version)) throw keptOut(info);
    return info;
  },
  render: (info) => ({ contentType: JSON_TYPE, body: renderInfo(info) }),
});

async function build(catalog: CatalogReader, { of: module, filter }: IndexKey): Promise<Info | undefined> {
  for (let after: string | undefined; ;) {
    const { rows, more } = await catalog.tags(module, { limit: TAGS, ...(after !== undefined && { after }) });
    const version = rows.find(({ tag }) => tag === filter)?.version;
    const row = version === undefined ? undefined : await catalog.version(module, version);
    if (row) return { version: row.version, time: new Date(timeOfRow(row)).toISOString() };
    after = rows.at(-1)?.tag;
    if (!more || after === undefined) return undefined;
  }
}

const written = (query: string): string => encodeURIComponent(escaped(query));

/** The index of what is asked about a module, which may be no path and nothing that leads to another. NOT_FOUND otherwise. */
export function queryKey(module: string, query: string): IndexKey {
  if (query.includes('!') || query.includes('/') || wrongFilePath(query) !== undefined)
    throw notFound('VERSION', { version: query.slice(0, 140) });
  return { of: module, filter: query };
}
