import { PackageURL, UrlConverter } from '@socketregistry/packageurl-js';
import type { Attributes, FileRef } from '../../core/catalog.ts';
import { RegistryError } from '../../core/error.ts';
import type { FetchedFile, FetchedVersion, FormatUpstream, Prefetch } from '../../core/format.ts';
import { fromAttributes, type MavenAttributes, toAttributes } from './attributes.ts';
import { checksumIn, CHECKSUMS, checksumsSaid } from './checksums.ts';
import { refOf } from './files.ts';
import {
  CATALOG,
  fileToWrite,
  folderOf,
  isArtifactId,
  isVersion,
  type MavenFile,
  nameInvalid,
  readPath,
} from './layout.ts';
import { described, LARGEST_POM, readPom } from './pom.ts';
import { isSnapshot } from './versions.ts';

/** Snapshots without builds, and catalogs, are read whole before they are served. */
const LARGEST_WHOLE = 2 * 1024 * 1024 * 1024;
const LARGEST_CHECKSUM = 8 * 1024;

/** Repositories elsewhere: their files are at the paths that they have here. */
export const mavenUpstream: FormatUpstream = {
  presets: { MAVEN_CENTRAL: publicRepository },
  wholeUpTo: LARGEST_WHOLE,
  maxAge: 3_600,
  algorithms: CHECKSUMS,
  promised: checksumsSaid,
  locate: ({ path, coordinates }) => ({
    target: encodedPath(path),
    checksums: [],
    ...(coordinates?.version !== undefined && { version: coordinates.version }),
  }),
  adopt,
  prefetch: { references: (text) => [reference(text)] } satisfies Prefetch,
  probe: {
    target: CATALOG,
    // Most have none, and nothing else is at every repository.
    accepts: ({ status, body }) =>
      status === 404 || (status === 200 && (body === '' || body.includes('<archetype-catalog'))),
  },
};

const encodedPath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** Where package URLs say that packages of Maven are downloaded from. */
function publicRepository(): string {
  const sample = PackageURL.fromString('pkg:maven/org.slf4j/slf4j-api@2.0.13');
  const url = UrlConverter.toDownloadUrl(sample)?.url ?? '';
  const at = url.indexOf(`/${folderOf('org.slf4j:slf4j-api')}/`);
  if (at > 0) return url.slice(0, at);
  throw new RegistryError('INTERNAL', 'PRESET', 'the address of the public repository is not known');
}

/** A file is one of its version. UPSTREAM_BROKEN for what is not what it is said to be. */
async function adopt(fetched: FetchedFile): Promise<FetchedVersion | undefined> {
  const { ref, blob } = fetched;
  await requireChecksum(fetched);
  const file = readPath(ref.path);
  if ('wrong' in file) return undefined;
  refusePage(fetched, file);
  const seen: MavenAttributes = file.extension === 'pom' ? await pomOf(fetched, file) : {};
  const extend = (before: Attributes): Attributes => toAttributes({ ...fromAttributes(before), ...seen });
  const { package: name = '', version = '' } = ref.coordinates ?? {};
  return { package: name, version, attributes: extend({}), extend, size: blob.size, file: ref };
}

/** What no header promised is held to the checksum beside it, where there is one. */
async function requireChecksum(fetched: FetchedFile): Promise<void> {
  const { ref, blob, headers } = fetched;
  if (checksumsSaid(headers).length > 0) return;
  const text = await fetched.beside(`${encodedPath(ref.path)}.sha1`, LARGEST_CHECKSUM);
  const said = text && checksumIn(new TextDecoder().decode(text), 'sha1');
  const actual = blob.checksums.find(({ algorithm }) => algorithm === 'sha1')?.hex;
  if (said !== undefined && said !== actual)
    throw broken(`${ref.path} is not what its checksum says: sha1:${actual}, not ${said}`);
}

/** Servers that ask people to log in answer with a page, and say that all is well. */
function refusePage({ ref, headers }: FetchedFile, { extension }: MavenFile): void {
  const isPage = /^text\/html\b/i.test(headers.get('content-type') ?? '');
  if (isPage && !/^x?html?$/i.test(extension)) throw broken(`instead of ${ref.path} there is a page`);
}

/** POMs of all ages are served as they are, also those that we cannot read. */
async function pomOf(fetched: FetchedFile, file: MavenFile): Promise<MavenAttributes> {
  const bytes = await fetched.read(LARGEST_POM);
  if (!new TextDecoder('latin1').decode(bytes).includes('<project'))
    throw broken(`${file.path} is not a POM`);
  const pom = { pom: file.path };
  try {
    return { ...described(await readPom(bytes)), ...pom };
  } catch (error) {
    if (error instanceof SyntaxError) return pom;
    throw error;
  }
}

const broken = (why: string): RegistryError =>
  new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', `the upstream's ${why}`);

/** `group:artifact[:extension[:classifier]]:version`, as Maven writes it. */
function reference(text: string): FileRef {
  const [groupId = '', artifactId = '', ...more] = text.split(':');
  const version = more.pop() ?? '';
  const [extension = 'jar', classifier = '', ...surplus] = more;
  const parts = [groupId, artifactId, extension, version];
  if (
    parts.includes('') ||
    surplus.length > 0 ||
    !isArtifactId(artifactId) ||
    !isVersion(version) ||
    isSnapshot(version)
  )
    throw nameInvalid(
      `${JSON.stringify(text.slice(0, 200))} is not GROUP:ARTIFACT[:EXTENSION[:CLASSIFIER]]:VERSION of a release`,
      text,
    );
  const folder = `${folderOf(`${groupId}:${artifactId}`)}/${version}`;
  return refOf(
    fileToWrite(`${folder}/${artifactId}-${version}${classifier && `-${classifier}`}.${extension}`),
  );
}
