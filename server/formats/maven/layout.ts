import { invalid, type RegistryError } from '../../core/error.ts';
import { isSnapshot } from './versions.ts';

/** A file of a version, as its path says it (maven.apache.org/repositories/layout.html). */
export interface MavenFile {
  /** Below the repository. */
  readonly path: string;
  readonly groupId: string;
  readonly artifactId: string;
  /** Of a build of a snapshot the snapshot's, which ends in `-SNAPSHOT`. */
  readonly version: string;
  readonly filename: string;
  /** Empty where there is none. */
  readonly classifier: string;
  /** Without a dot in front: `jar`, `tar.gz`, `pom.asc`. */
  readonly extension: string;
  /** Of a snapshot whose file says which build it is of. */
  readonly build?: Build;
}

/** One of the builds of a snapshot. */
export interface Build {
  /** `yyyyMMdd.HHmmss`, UTC. */
  readonly timestamp: string;
  readonly number: number;
}

export const METADATA = 'maven-metadata.xml';
export const CATALOG = 'archetype-catalog.xml';

const LONGEST_NAME = 200;
const LONGEST_VERSION = 128;
const GROUP_FOLDER = /^[\w-]+$/;
const ARTIFACT = /^[\w.-]+$/;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const NO_VERSION = /[\\/:"<>|?*[\](){},\u0000-\u001f\u007f]/;
const SIGNATURE = /\.(?:asc|sigstore|sigstore\.json)$/;
const COMPRESSED_TAR = /(?<=.)\.tar\.[a-z0-9]+$/i;
const BUILD = /^(\d{8}\.\d{6})-(\d{1,9})(?=[-.])/;

export const isArtifactId = (text: string): boolean =>
  text.length <= LONGEST_NAME && ARTIFACT.test(text) && !/^\.+$/.test(text);
export const isVersion = (text: string): boolean =>
  text !== '' && text.length <= LONGEST_VERSION && !NO_VERSION.test(text) && !/^\.+$/.test(text);

/** The group that folders stand for; nothing for those that do not. */
export function groupIn(folders: readonly string[]): string | undefined {
  const group = folders.join('.');
  return folders.length > 0 &&
    group.length <= LONGEST_NAME &&
    folders.every((each) => GROUP_FOLDER.test(each))
    ? group
    : undefined;
}

/** The package that a group and an artifact are in the catalog. */
export const packageName = ({ groupId, artifactId }: Pick<MavenFile, 'groupId' | 'artifactId'>): string =>
  `${groupId}:${artifactId}`;

/** The folder of a package, or of a group. */
export const folderOf = (name: string): string => {
  const [group = '', artifact] = name.split(':');
  const folder = group.replaceAll('.', '/');
  return artifact === undefined ? folder : `${folder}/${artifact}`;
};

/** What a path names, or in a few words why it names nothing. */
export function readPath(path: string): MavenFile | { readonly wrong: string } {
  const folders = path.split('/');
  const [filename = '', version = '', artifactId = ''] = folders.splice(-3).toReversed();
  const groupId = groupIn(folders);
  if (groupId === undefined)
    return {
      wrong:
        'a file is at GROUP/ARTIFACT/VERSION/ARTIFACT-VERSION.EXTENSION, with a folder for each word of the group',
    };
  if (!isArtifactId(artifactId)) return { wrong: `${shown(artifactId)} is not an artifact id` };
  if (!isVersion(version)) return { wrong: `${shown(version)} is not a version` };
  const base = isSnapshot(version) ? version.slice(0, -'SNAPSHOT'.length) : version;
  const isOfVersion = filename.startsWith(`${artifactId}-${version}`);
  const rest = isOfVersion
    ? filename.slice(artifactId.length + 1 + version.length)
    : filename.startsWith(`${artifactId}-${base}`) && isSnapshot(version)
      ? filename.slice(artifactId.length + 1 + base.length)
      : '';
  const [whole, timestamp, number] = (isOfVersion ? undefined : BUILD.exec(rest)) ?? [];
  const parts = partsOf(whole === undefined ? rest : rest.slice(whole.length));
  if (!parts || (!isOfVersion && whole === undefined))
    return {
      wrong: `${shown(filename)} is not a file of ${artifactId} ${version}: its name begins with ${artifactId}-${version}`,
    };
  return {
    path,
    groupId,
    artifactId,
    version,
    filename,
    ...parts,
    ...(timestamp !== undefined && { build: { timestamp, number: Number(number) } }),
  };
}

/** What stands behind the version in a file's name. */
function partsOf(rest: string): Pick<MavenFile, 'classifier' | 'extension'> | undefined {
  const signature = SIGNATURE.exec(rest)?.[0] ?? '';
  const signed = rest.slice(0, rest.length - signature.length);
  const dot =
    COMPRESSED_TAR.exec(signed)?.index ?? (signed.startsWith('.tar.') ? 0 : signed.lastIndexOf('.'));
  const [before, extension] = [signed.slice(0, Math.max(0, dot)), signed.slice(dot + 1)];
  if (dot === -1 || extension === '' || !(before === '' || /^-./.test(before))) return undefined;
  return { classifier: before.slice(1), extension: extension + signature };
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 120));

/** NAME_INVALID for a path that names nothing. */
export function fileToWrite(path: string): MavenFile {
  const file = readPath(path);
  if ('wrong' in file) throw nameInvalid(file.wrong, path);
  return file;
}

export const nameInvalid = (why: string, path: string): RegistryError =>
  invalid('NAME_INVALID', why, { path: path.slice(0, 255) });

/** What a build of a snapshot is called in metadata. */
export const buildVersion = ({ version, build }: Pick<MavenFile, 'version' | 'build'>): string =>
  build ? `${version.slice(0, -'SNAPSHOT'.length)}${build.timestamp}-${build.number}` : version;
