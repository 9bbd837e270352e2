import { sortVersions } from './versions.ts';

/** A file as an index lists it (packaging.python.org/specifications/simple-repository-api). */
export interface ListedDistribution {
  readonly filename: string;
  /** Which it is a file of, in normal form. */
  readonly version: string;
  /** Where the server that the index came from has it; absent of one's own. */
  readonly url?: string;
  /** Lower-case hex, by the algorithm's name. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly requiresPython?: string;
  /** Bytes. */
  readonly size?: number;
  /** As the index writes it: UTC, at most six fractional digits. */
  readonly uploadTime?: string;
  /** Why, which may be no reason; absent where it is not. */
  readonly yanked?: string;
  /** Hashes of its core metadata, perhaps none, where that is served beside it. */
  readonly metadata?: ReadonlyMap<string, string>;
  /** Where its provenance is; empty for what is one's own. */
  readonly provenance?: string;
}

export interface ProjectStatus {
  readonly status: string;
  readonly reason?: string;
}

/** All files of a project. */
export interface Project {
  /** In normal form. */
  readonly name: string;
  readonly status?: ProjectStatus;
  /** In order, those without files too. */
  readonly versions: readonly string[];
  /** By file name, in the order of their versions. */
  readonly files: ReadonlyMap<string, ListedDistribution>;
}

/** PEP 792, the mildest first. */
const STATUSES = ['active', 'deprecated', 'archived', 'quarantined'];

/** More than any project has: they are put in order in one go. */
const MOST_VERSIONS = 30_000;

/** Refuses another server's project of so many versions that others would wait for it. SyntaxError. */
export function requireFewVersions(
  files: Iterable<ListedDistribution>,
  versions: Iterable<string> = [],
): void {
  const all = new Set(versions);
  for (const { version } of files) all.add(version);
  if (all.size > MOST_VERSIONS) throw new SyntaxError(`it has more than ${MOST_VERSIONS} versions`);
}

/** A project whose files are in order. */
export function projectFrom(
  name: string,
  files: Iterable<ListedDistribution>,
  more: { readonly versions?: Iterable<string>; readonly status?: ProjectStatus | undefined } = {},
): Project {
  const byVersion = new Map<string, ListedDistribution[]>();
  for (const version of more.versions ?? []) byVersion.set(version, []);
  for (const file of files) {
    const same = byVersion.get(file.version);
    if (same) same.push(file);
    else byVersion.set(file.version, [file]);
  }
  const versions = sortVersions(byVersion.keys());
  const sorted = versions.flatMap((version) =>
    (byVersion.get(version) ?? []).sort(
      (a, b) => Number(a.filename > b.filename) - Number(a.filename < b.filename),
    ),
  );
  return {
    name,
    versions,
    files: new Map(sorted.map((file) => [file.filename, file])),
    ...(more.status && more.status.status !== 'active' && { status: more.status }),
  };
}

/** Several servers' files of one project together: the first that has a file name says what is behind it. */
export function mergeProjects(parts: readonly [Project, ...Project[]]): Project {
  const [first, ...others] = parts;
  if (others.length === 0) return first;
  const files = new Map<string, ListedDistribution>();
  for (const part of parts)
    for (const [filename, file] of part.files) if (!files.has(filename)) files.set(filename, file);
  return projectFrom(first.name, files.values(), {
    versions: parts.flatMap(({ versions }) => versions),
    status: parts.map(({ status }) => status).reduce(stricter),
  });
}

/** Without the files that are not kept, and without versions that are not, or have lost all their files. */
export function pruneProject(project: Project, keep: (entry: string) => boolean): Project {
  const before = new Set(Array.from(project.files.values(), ({ version }) => version));
  const files = new Map([...project.files].filter(([filename]) => keep(filename)));
  const after = new Set(Array.from(files.values(), ({ version }) => version));
  return {
    ...project,
    versions: project.versions.filter((version) =>
      before.has(version) ? after.has(version) : keep(version),
    ),
    files,
  };
}

const rank = (status: ProjectStatus | undefined): number => STATUSES.indexOf(status?.status ?? 'active');
const stricter = (a: ProjectStatus | undefined, b: ProjectStatus | undefined): ProjectStatus | undefined =>
  rank(b) > rank(a) ? b : a;
