import { announcedBytes } from '../../lib/announced-bytes.ts';
import type { UploadedArtifact } from '../../core/artifact-uploads.ts';
import type { BlobInfo, CommittedBlob } from '../../core/blob.ts';
import type { HostedRepo, NewFile } from '../../core/catalog.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import type { Command } from '../../core/format.ts';
import { storedArchive } from '../../lib/stored-archive.ts';
import { toAttributes } from './attributes.ts';
import { renderInfo } from './info.ts';
import { JSON_TYPE, latestIndex } from './latest-index.ts';
import { listIndex, TEXT } from './list-index.ts';
import { checkGoMod, LARGEST_ZIP, modHash, type ModuleZip, readModuleZip, zipHash } from './module-zip.ts';
import { checkNames, filePath, type Kind } from './names.ts';
import { versionOf } from './segments.ts';

const TYPES: Readonly<Record<Kind, string>> = { info: JSON_TYPE, mod: TEXT, zip: 'application/zip' };
export const contentTypeOf = (kind: Kind): string => TYPES[kind];

export const versionFile = (module: string, version: string, kind: Kind) =>
  ({
    path: filePath(module, version, kind),
    freshness: 'immutable',
    coordinates: { package: module, version },
    contentType: contentTypeOf(kind),
  }) as const;

/** A module's zip, sent to the address that it will be at. */
export async function putZip(command: Command): Promise<Response> {
  const asked = versionOf(command);
  return answer(
    await publishZip(await stored(command), ({ module, version }) => {
      if (asked.module === module && asked.version === version) return;
      throw invalid(
        'ZIP_INVALID',
        `the zip is ${module}@${version}, as its entries say, and not ${asked.module}@${asked.version}`,
      );
    }),
  );
}

/** A module's zip, which says itself what it is of. */
export async function uploadZip(command: Command): Promise<Response> {
  return answer(
    await publishZip(await stored(command), ({ module, version }) =>
      command.rights.require('artifactregistry.repositories.uploadArtifacts', { package: module, version }),
    ),
  );
}

const stored = async (command: Command): Promise<StoredZip> => ({
  repo: command.repo,
  now: () => command.now(),
  refresh: (index, key) => command.refresh(index, key),
  blob: await command.repo.store(command.body, { limit: LARGEST_ZIP, ...announcedBytes(command.headers) }),
});

type StoredZip = Pick<UploadedArtifact, 'repo' | 'refresh' | 'now' | 'blob'>;

interface Named {
  readonly module: string;
  readonly version: string;
}

interface Published extends Named {
  /** Whether it was there already. */
  readonly before: boolean;
}

/** Makes a version of a zip, once `check` has nothing against what the zip says that it is. */
export async function publishZip(
  { repo, blob, now, refresh }: StoredZip,
  check: (named: Named) => void | Promise<void>,
): Promise<Published> {
  const archive = storedArchive(blob.size, (range) => repo.open(blob, range));
  const zip = await readModuleZip(archive);
  const { module, version } = zip;
  checkNames(module, version);
  await check({ module, version });
  checkGoMod(zip);
  const hashes = { zipHash: await zipHash(archive, zip.entries), modHash: modHash(zip.goMod) };
  if (await isThere(repo, zip, blob)) return { module, version, before: true };

  const time = now();
  const info = renderInfo({ version, time: new Date(time).toISOString() });
  const bodies: readonly (readonly [Kind, CommittedBlob])[] = [
    ['zip', blob],
    ['mod', await repo.store(new Blob([zip.goMod]).stream())],
    ['info', await repo.store(new Blob([info]).stream())],
  ];
  const files = bodies.map(([kind, content]): NewFile => ({
    ...versionFile(module, version, kind),
    blob: content,
  }));
  try {
    await repo.publish({
      package: module,
      version,
      attributes: toAttributes({ time, ...hashes }),
      size: files.reduce((size, file) => size + file.blob.size, 0),
      files,
      once: true,
      onConflict: 'reject',
    });
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'ALREADY_EXISTS') throw error;
    // Somebody else may have published it meanwhile, perhaps the very same.
    if (await isThere(repo, zip, blob)) return { module, version, before: true };
    throw usedUp(zip, error);
  }
  refresh(listIndex, { of: module });
  refresh(latestIndex, { of: module });
  return { module, version, before: false };
}

/** Whether just this was published before. ALREADY_EXISTS where something else was. */
async function isThere(
  repo: Pick<HostedRepo, 'file'>,
  { module, version }: ModuleZip,
  blob: BlobInfo,
): Promise<boolean> {
  const known = await repo.file(versionFile(module, version, 'zip'));
  if (!known) return false;
  if (known.blob.digest === blob.digest) return true;
  throw new RegistryError(
    'ALREADY_EXISTS',
    'VERSION_EXISTS',
    `${module}@${version} already exists with other content. What is in go.sum files stays what it was: publish another version`,
    { details: { module, version, digest: known.blob.digest } },
  );
}

const usedUp = ({ module, version }: ModuleZip, { reason }: RegistryError): RegistryError =>
  new RegistryError(
    'ALREADY_EXISTS',
    reason,
    `${module}@${version} already exists in go.sum files: it was published here and deleted. Publish another version`,
    { details: { module, version } },
  );

const answer = ({ module, version, before }: Published): Response =>
  new Response(`${module}@${version}\n`, { status: before ? 200 : 201, headers: { 'content-type': TEXT } });
