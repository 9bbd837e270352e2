import { PackageURL, UrlConverter } from '@socketregistry/packageurl-js';
import type { FileRef } from '../../core/catalog.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import type { FetchedFile, FetchedVersion, FormatUpstream } from '../../core/format.ts';
import type { ChecksumDatabase, IndexReader, UpstreamContext } from '../../core/index-kind.ts';
import { storedArchive } from '../../lib/stored-archive.ts';
import { type GoAttributes, fromAttributes, toAttributes } from './attributes.ts';
import { LARGEST_GO_MOD } from './go-mod.ts';
import { LARGEST_INFO, parseInfo, timeOf } from './info.ts';
import { modHash, readModuleZip, zipHash } from './module-zip.ts';
import { type Kind, KINDS, wrongVersion } from './names.ts';
import { wrongModulePath } from './paths.ts';
import { queryIndex } from './query-index.ts';
import { checkSum } from './sumdb/check-sum.ts';
import { parseVerifier } from './sumdb/note.ts';
import { versionFile } from './upload.ts';

/** Modules at proxies elsewhere. */
export const goUpstream: FormatUpstream = {
  presets: { GO_PROXY: publicProxy },
  wholeUpTo: LARGEST_INFO,
  maxAge: 60,
  locate(ref) {
    const { version } = named(ref);
    return { target: ref.path, version, checksums: [] };
  },
  async publishedAt(ref, read) {
    const { module, version } = named(ref);
    return timeOf(await (await read.index(queryIndex, { of: module, filter: version })).value());
  },
  adopt,
  checkDatabase: ({ key }) => {
    parseVerifier(key);
  },
  prefetch: { references },
  probe: {
    // A server of the protocol has no such module and says so; one that has pages for everything shows one.
    target: 'module.invalid/@v/list',
    accepts: ({ status, body }) => status === 404 || (status === 200 && !/^\s*[<{]/.test(body)),
  },
};

/** `MODULE@VERSION`, or `MODULE@VERSION/go.mod` for what a build only reads to know what is needed, as `go.sum` has them. */
function references(text: string): readonly FileRef[] {
  const [, module = '', version = '', only] = /^([^@]+)@([^@/]+)(\/go\.mod)?$/.exec(text) ?? [];
  const wrong = wrongModulePath(module) ?? wrongVersion(module, version);
  if (wrong !== undefined)
    throw invalid(
      'MODULE_INVALID',
      `${JSON.stringify(text.slice(0, 220))} names no version of a module: write MODULE@VERSION: ${wrong}`,
    );
  return (only === undefined ? KINDS : (['mod'] as const)).map((kind) => versionFile(module, version, kind));
}

/** Where package URLs say that modules of Go are downloaded from. */
function publicProxy(): string {
  const sample = UrlConverter.toDownloadUrl(PackageURL.fromString('pkg:golang/example.com/module@v1.0.0'));
  if (!sample) throw new RegistryError('INTERNAL', 'PRESET', 'the address of the public proxy is not known');
  return new URL(sample.url).origin;
}

interface Named {
  readonly module: string;
  readonly version: string;
  readonly kind: Kind;
}

function named({ path, coordinates }: FileRef): Named {
  const { package: module = '', version = '' } = coordinates ?? {};
  const kind = KINDS.find((each) => path.endsWith(`.${each}`)) ?? 'info';
  return { module, version, kind };
}

/** A file is one of its version, if it is what the go command would take. */
async function adopt(
  fetched: FetchedFile,
  read: IndexReader,
  { checksumDatabase: database }: UpstreamContext,
): Promise<FetchedVersion> {
  const of = named(fetched.ref);
  const held = database && isHeld(of.module, database) ? database : undefined;
  const known = await KNOWN[of.kind](fetched, of, held !== undefined);
  if (held) await requireSum(of, known, held, read);
  return {
    package: of.module,
    version: of.version,
    attributes: toAttributes(known),
    extend: (before) => toAttributes({ ...fromAttributes(before), ...known }),
    size: fetched.blob.size,
  };
}

/** What each kind of file tells of its version. */
const KNOWN: Readonly<
  Record<Kind, (fetched: FetchedFile, of: Named, isHeld: boolean) => Promise<GoAttributes>>
> = {
  async info(fetched, { version }) {
    const info = parseInfo(await fetched.read(LARGEST_INFO));
    if (info.version !== version) throw broken(`it tells of ${info.version} where ${version} was asked for`);
    const time = timeOf(info);
    return time === undefined ? {} : { time };
  },
  async mod(fetched) {
    const bytes = await fetched.read(LARGEST_GO_MOD);
    if (/^\s*</.test(new TextDecoder().decode(bytes.subarray(0, 256)))) throw broken('its go.mod is a page');
    return { modHash: modHash(bytes) };
  },
  async zip(fetched, { module, version }, isSummed) {
    const archive = storedArchive(fetched.blob.size, (range) => fetched.open(range));
    const zip = await readModuleZip(archive).catch((error: unknown) => {
      throw error instanceof RegistryError && error.code === 'INVALID_ARGUMENT'
        ? broken(error.message)
        : error;
    });
    if (zip.module !== module || zip.version !== version)
      throw broken(`its zip is ${zip.module}@${zip.version}, not ${module}@${version}`);
    return isSummed ? { zipHash: await zipHash(archive, zip.entries) } : {};
  },
};

/** As GONOSUMDB has it, without its patterns. */
const isHeld = (module: string, { exceptions }: ChecksumDatabase): boolean =>
  !exceptions.some((prefix) => `${module}/`.startsWith(`${prefix.replace(/\/+$/, '')}/`));

async function requireSum(
  { module, version }: Named,
  { modHash: ofMod, zipHash: ofZip }: GoAttributes,
  database: ChecksumDatabase,
  read: IndexReader,
): Promise<void> {
  if (ofMod !== undefined)
    await checkSum({ module, version: `${version}/go.mod`, hash: ofMod }, database, read);
  if (ofZip !== undefined) await checkSum({ module, version, hash: ofZip }, database, read);
}

const broken = (why: string): RegistryError => new RegistryError('DATA_LOSS', 'MODULE_INVALID', why);
