import type { CatalogReader } from '../../core/catalog.ts';
import { defineKeptIndex, type IndexKey, type KeptDocument } from '../../core/index-kind.ts';
import { HTML, HTML_V1, JSON_V1 } from './negotiate.ts';
import { renderRootHtml, renderRootJson } from './render-project.ts';

const NAMES = 10_000;

/** The names of all projects, in order. Of copies, those of which there is one: upstreams' lists have tens of megabytes. */
export const rootIndex = defineKeptIndex<readonly string[]>({
  name: 'python.root',
  ofNames: true,
  build,
  merge: (parts) => [...new Set(parts.flat())].sort(),
  documents,
});

/** What the key of the one root index is of. */
export const ROOT = { of: '' } as const;

async function build(catalog: CatalogReader): Promise<readonly string[]> {
  const names: string[] = [];
  for (let after: string | undefined; ;) {
    const { rows, more } = await catalog.packages('', {
      limit: NAMES,
      ...(after !== undefined && { after }),
    });
    names.push(...rows);
    after = rows.at(-1);
    if (!more || after === undefined) return names;
  }
}

function documents(names: readonly string[], _: IndexKey, baseUrl: string): readonly KeptDocument[] {
  return [
    { variant: JSON_V1, contentType: JSON_V1, body: renderRootJson(names) },
    { variant: HTML_V1, contentType: HTML_V1, body: renderRootHtml(names, baseUrl) },
    { variant: HTML, contentType: `${HTML}; charset=utf-8`, body: renderRootHtml(names, baseUrl) },
  ];
}
