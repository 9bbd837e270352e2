import type { Checksum, ChecksumAlgorithm } from '../../core/blob.ts';
import type { CatalogReader, VersionRow } from '../../core/catalog.ts';
import {
  defineKeptIndex,
  type IndexKey,
  type KeptDocument,
  type ListedFile,
  type Listing,
  type VersionFacts,
} from '../../core/index-kind.ts';
import { fromAttributes, yankOfFile } from './attributes.ts';
import { filePath, METADATA, PROVENANCE } from './names.ts';
import { HTML, HTML_V1, JSON_V1 } from './negotiate.ts';
import { LARGEST_INDEX, parseProject } from './parse-project.ts';
import {
  type ListedDistribution,
  mergeProjects,
  type Project,
  projectFrom,
  pruneProject,
} from './project.ts';
import { placesBelow, renderHtml, renderJson } from './render-project.ts';

/** Seconds, as Artifact Registry has it (gar.md 5.5). */
const MAX_AGE = 300;
const ROWS = 500;

/** What clients say that they understand, best first. */
export const ACCEPT = `${JSON_V1}, ${HTML_V1};q=0.2, ${HTML};q=0.1`;

/** All files of a project. */
export const projectIndex = defineKeptIndex<Project>({
  name: 'python.project',
  build,
  upstream: {
    target: ({ of: name }) => ({ target: `simple/${name}/`, headers: { accept: ACCEPT } }),
    maxBytes: LARGEST_INDEX,
    parse: (body, { of: name }, url) => parseProject(body, name, url),
    package: ({ of: name }) => name,
    maxAge: MAX_AGE,
  },
  merge: (parts) => {
    const [first, ...others] = parts;
    if (!first) throw new TypeError('there is nothing to merge');
    return mergeProjects([first, ...others]);
  },
  versions: entriesOf,
  prune: pruneProject,
  listing,
  documents,
});

async function build(catalog: CatalogReader, { of: name }: IndexKey): Promise<Project | undefined> {
  const files: ListedDistribution[] = [];
  for (let after: string | undefined; ;) {
    const { rows, more } = await catalog.versions(name, {
      limit: ROWS,
      ...(after !== undefined && { after }),
    });
    for (const row of rows) files.push(...filesOf(row));
    after = rows.at(-1)?.version;
    if (!more || after === undefined) break;
  }
  return files.length > 0 ? projectFrom(name, files) : undefined;
}

function filesOf({ version, attributes }: VersionRow): readonly ListedDistribution[] {
  const release = fromAttributes(attributes);
  return Object.entries(release.files ?? {}).map(([filename, file]) => {
    const yanked = yankOfFile(release, filename);
    return {
      filename,
      version,
      hashes: new Map([['sha256', file.sha256]]),
      size: file.size,
      uploadTime: new Date(file.uploadedAt).toISOString(),
      ...(file.requiresPython !== undefined && { requiresPython: file.requiresPython }),
      ...(file.metadata !== undefined && { metadata: new Map([['sha256', file.metadata]]) }),
      ...(file.attested && { provenance: '' }),
      ...(yanked !== undefined && { yanked }),
    };
  });
}

function documents(project: Project, { of: name }: IndexKey, baseUrl: string): readonly KeptDocument[] {
  const places = placesBelow(baseUrl, name);
  return [
    { variant: JSON_V1, contentType: JSON_V1, body: renderJson(project, places) },
    { variant: HTML_V1, contentType: HTML_V1, body: renderHtml(project, places) },
    { variant: HTML, contentType: `${HTML}; charset=utf-8`, body: renderHtml(project, places) },
  ];
}

/** Files come out one after another, so each is judged by itself; a version without any is, too. */
function* entriesOf({ files, versions }: Project): Generator<VersionFacts> {
  const seen = new Set<string>();
  for (const { filename, version, uploadTime } of files.values()) {
    seen.add(version);
    const at = timeOf(uploadTime);
    yield { version, entry: filename, ...(at !== undefined && { publishedAt: at }) };
  }
  for (const version of versions) if (!seen.has(version)) yield { version };
}

const timeOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text);

/** The files, and what is beside them. */
function listing({ name, files }: Project): Listing {
  const listed = new Map<string, ListedFile>();
  for (const { filename, version, url, hashes, metadata, provenance, uploadTime } of files.values()) {
    if (url === undefined) continue;
    const at = timeOf(uploadTime);
    const common = { version, entry: filename, ...(at !== undefined && { publishedAt: at }) };
    const path = filePath(name, filename);
    listed.set(path, { ...common, target: url, checksums: checksumsIn(hashes) });
    if (metadata)
      listed.set(path + METADATA, {
        ...common,
        target: url + METADATA,
        checksums: checksumsIn(metadata),
      });
    if (provenance !== undefined)
      listed.set(path + PROVENANCE, { ...common, target: provenance, checksums: [] });
  }
  return listed;
}

const CHECKED: readonly ChecksumAlgorithm[] = ['sha512', 'sha256', 'sha1', 'md5'];

const checksumsIn = (hashes: ReadonlyMap<string, string>): readonly Checksum[] =>
  CHECKED.flatMap((algorithm) => {
    const hex = hashes.get(algorithm);
    return hex === undefined ? [] : [{ algorithm, hex }];
  });
