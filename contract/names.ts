/** The words of Artifact Registry's resource names and the parts that stand after them. */
const COLLECTION = {
  project: 'projects',
  location: 'locations',
  repository: 'repositories',
  package: 'packages',
  version: 'versions',
  tag: 'tags',
  file: 'files',
  dockerImage: 'dockerImages',
  mavenArtifact: 'mavenArtifacts',
  npmPackage: 'npmPackages',
  pythonPackage: 'pythonPackages',
  goModule: 'goModules',
  cleanupRun: 'cleanupRuns',
  deletedVersion: 'deletedVersions',
  operation: 'operations',
  serviceAccount: 'serviceAccounts',
  key: 'keys',
  pool: 'workloadIdentityPools',
  provider: 'providers',
} as const;
export type NamePart = keyof typeof COLLECTION;

export interface Naming<Part extends NamePart> {
  /** The name, with slashes inside a part written `%2F`. */
  format(parts: Readonly<Record<Part, string>>): `projects/${string}`;
  /** The parts, plain text; undefined for anything that is not a name of this kind. */
  parse(name: string): Readonly<Record<Part, string>> | undefined;
}

const LOCATION = ['project', 'location'] as const;
const REPOSITORY = [...LOCATION, 'repository'] as const;
const PACKAGE = [...REPOSITORY, 'package'] as const;

/** Builds and reads resource names: `names.package.format({project, location, repository, package})`. */
export const names = {
  project: naming('project'),
  location: naming(...LOCATION),
  operation: naming(...LOCATION, 'operation'),
  repository: naming(...REPOSITORY),
  package: naming(...PACKAGE),
  version: naming(...PACKAGE, 'version'),
  tag: naming(...PACKAGE, 'tag'),
  file: naming(...REPOSITORY, 'file'),
  dockerImage: naming(...REPOSITORY, 'dockerImage'),
  mavenArtifact: naming(...REPOSITORY, 'mavenArtifact'),
  npmPackage: naming(...REPOSITORY, 'npmPackage'),
  pythonPackage: naming(...REPOSITORY, 'pythonPackage'),
  goModule: naming(...REPOSITORY, 'goModule'),
  cleanupRun: naming(...REPOSITORY, 'cleanupRun'),
  deletedVersion: naming(...REPOSITORY, 'deletedVersion'),
  serviceAccount: naming('project', 'serviceAccount'),
  serviceAccountKey: naming('project', 'serviceAccount', 'key'),
  workloadPool: naming(...LOCATION, 'pool'),
  workloadProvider: naming(...LOCATION, 'pool', 'provider'),
} as const;

/** An id as it stands in a name: `team/img` is `team%2Fimg`. */
export const escapeId = (id: string): string =>
  // Most have neither, and lists have thousands.
  /[%/]/.test(id) ? id.replaceAll('%', '%25').replaceAll('/', '%2F') : id;

/** The id that a name's segment stands for, or undefined when its escapes are not UTF-8. */
export function unescapeId(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** The last id of any resource name, plain text. */
export function lastId(name: string): string {
  const segment = name.slice(name.lastIndexOf('/') + 1);
  return unescapeId(segment) ?? segment;
}

/**
 * A name as it travels in a URL path: every segment is percent-encoded once more, so that `%2F` reaches the server
 * through proxies that decode it (google/api/http.proto, multi-segment variables).
 */
export const pathOf = (name: string): string => name.split('/').map(encodeURIComponent).join('/');

function naming<const Parts extends readonly NamePart[]>(...parts: Parts): Naming<Parts[number]> {
  type Values = Readonly<Record<Parts[number], string>>;
  const placed = parts.map((part: Parts[number], at) => ({
    part,
    before: `${at === 0 ? '' : '/'}${COLLECTION[part]}/`,
  }));
  return {
    format(values: Values) {
      let name = '';
      for (const { part, before } of placed) name += before + escapeId(values[part]);
      return name as `projects/${string}`;
    },

    parse(name) {
      const segments = name.split('/');
      if (segments.length !== parts.length * 2) return undefined;
      const found: [string, string][] = [];
      for (const [index, part] of parts.entries()) {
        const id = unescapeId(segments[index * 2 + 1] ?? '');
        if (segments[index * 2] !== COLLECTION[part] || !id) return undefined;
        found.push([part, id]);
      }
      return Object.fromEntries(found) as Values;
    },
  };
}
