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
export function putZip(command: Command): Promise<Response> {
  return published(command, versionOf(command));
}

/** A module's zip, which says itself what it is of. */
export const uploadZip = (command: Command): Promise<Response> => published(command, undefined);

interface Named {
  readonly module: string;
  readonly version: string;
}

async function published(command: Command, asked: Named | undefined): Promise<Response> {
  const { repo, rights } = command;
  const blob = await repo.store(command.body, { limit: LARGEST_ZIP });
  const archive = storedArchive(blob.size, (range) => repo.open(blob, range));
  const zip = await readModuleZip(archive);
  const { module, version } = zip;
  checkNames(module, version);
  if (asked && (asked.module !== module || asked.version !== version))
    throw invalid(
      'ZIP_INVALID',
      `the zip is ${module}@${version}, as its entries say, and not ${asked.module}@${asked.version}`,
    );
  if (!asked)
    await rights.require('artifactregistry.repositories.uploadArtifacts', { package: module, version });
  checkGoMod(zip);
  const hashes = { zipHash: await zipHash(archive, zip.entries), modHash: modHash(zip.goMod) };
  if (await isThere(repo, zip, blob)) return answer(zip, 200);

  const time = command.now();
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
    if (await isThere(repo, zip, blob)) return answer(zip, 200);
    throw usedUp(zip, error);
  }
  command.refresh(listIndex, { of: module });
  command.refresh(latestIndex, { of: module });
  return answer(zip, 201);
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

const answer = ({ module, version }: ModuleZip, status: number): Response =>
  new Response(`${module}@${version}\n`, { status, headers: { 'content-type': TEXT } });
