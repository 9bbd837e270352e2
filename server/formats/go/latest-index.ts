import type { CatalogReader } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import { defineKeptIndex, type IndexKey, type VersionFacts } from '../../core/index-kind.ts';
import { timeOfRow } from './attributes.ts';
import { everyVersion } from './every-version.ts';
import { type Info, LARGEST_INFO, parseInfo, renderInfo, timeOf } from './info.ts';
import { escaped } from './names.ts';
import { latestOf } from './versions.ts';

/** Seconds. */
const MAX_AGE = 60;
export const JSON_TYPE = 'application/json';

/** What is told of a module's latest version, also where it stands for a commit. */
export const latestIndex = defineKeptIndex<Info>({
  name: 'go.latest',
  build,
  upstream: {
    target: ({ of: module }) => ({ target: `${escaped(module)}/@latest` }),
    maxBytes: LARGEST_INFO,
    parse: (body) => parseInfo(body),
    package: ({ of: module }) => module,
    maxAge: MAX_AGE,
  },
  merge: mergeLatest,
  versions: (info) => [factsOf(info)],
  prune(info, keep) {
    if (!keep(info.version)) throw keptOut(info);
    return info;
  },
  documents: (info) => [{ variant: 'latest', contentType: JSON_TYPE, body: [renderInfo(info)] }],
});

async function build(catalog: CatalogReader, { of: module }: IndexKey): Promise<Info | undefined> {
  const rows = await everyVersion(catalog, module);
  const version = latestOf(rows.map((row) => row.version));
  const row = rows.find((each) => each.version === version);
  return row && { version: row.version, time: new Date(timeOfRow(row)).toISOString() };
}

/** The latest of all; of two servers' words for one version the first one's. */
export function mergeLatest(parts: readonly Info[]): Info {
  const version = latestOf(parts.map((part) => part.version));
  const found = parts.find((part) => part.version === version);
  if (!found) throw new TypeError('there is nothing to merge');
  return found;
}

/** Refused and not absent: what is absent here, clients look for elsewhere. */
export const keptOut = ({ version }: Info): RegistryError =>
  new RegistryError(
    'PERMISSION_DENIED',
    'KEPT_OUT',
    `version ${version} is kept out by the rules of this repository, or has not been out for long enough`,
    { details: { version } },
  );

/** Facts for the rules about what comes in. */
export const factsOf = (info: Info): VersionFacts => {
  const at = timeOf(info);
  return { version: info.version, ...(at !== undefined && { publishedAt: at }) };
};
