import { invalid, RegistryError } from '../../core/error.ts';
import type { ArtifactUpload, UploadMessage } from '../../core/artifact-uploads.ts';
import { coordinatesOf, idOf, parseId, type Place, publishedPlace, segmentsOf } from './places.ts';
import { publishFile } from './publish-file.ts';

/** UploadGenericArtifactRequest of generic.proto. */
export const createArtifact: ArtifactUpload = {
  collection: 'genericArtifacts',
  verb: 'create',
  method: 'UploadGenericArtifact',
  fields: ['packageId', 'versionId', 'filename'],
  metadata: 'UploadGenericArtifactMetadata',
  response: 'GenericArtifact',
  within: (message) => coordinatesOf(artifactPlace(message)),

  async publish({ message, repo, blob, parent, now }) {
    const place = artifactPlace(message);
    if ((await publishFile(repo, place, blob)) === 'same') throw alreadyThere(place);
    const time = new Date(now()).toISOString();
    return {
      name: `${parent}/genericArtifacts/${place.package}:${place.version}`,
      version: place.version,
      createTime: time,
      updateTime: time,
    };
  },
};

/** UploadFileRequest of file.proto. The id says which version the file is of. */
export const uploadFile: ArtifactUpload = {
  collection: 'files',
  verb: 'upload',
  method: 'UploadFile',
  fields: ['fileId'],
  metadata: 'UploadFileMetadata',
  response: 'File',
  within: (message) => coordinatesOf(filePlace(message)),

  async publish({ message, repo, blob, parent, now }) {
    const place = filePlace(message);
    if ((await publishFile(repo, place, blob)) === 'same') throw alreadyThere(place);
    const time = new Date(now()).toISOString();
    return {
      name: `${parent}/files/${encodeURIComponent(idOf(place))}`,
      ...(blob.size > 0 && { sizeBytes: String(blob.size) }),
      hashes: [{ type: 'SHA256', value: Buffer.from(blob.digest.slice(7), 'hex').toString('base64') }],
      owner: `${parent}/packages/${place.package}/versions/${place.version}`,
      createTime: time,
      updateTime: time,
    };
  },
};

function artifactPlace({ packageId, versionId, filename }: UploadMessage): Place {
  return publishedPlace({
    package: text(packageId, 'package_id'),
    version: text(versionId, 'version_id'),
    path: text(filename, 'filename'),
  });
}

function filePlace({ fileId }: UploadMessage): Place {
  const place = typeof fileId === 'string' ? parseId(fileId) : undefined;
  if (place) return publishedPlace(place);
  throw invalid(
    'NAME_INVALID',
    'Request contains an invalid argument: file_id must be PACKAGE:VERSION:PATH, since every file here is one of a version.',
    { field: 'file_id' },
  );
}

/** `already exists` is what clients look for that skip what is there. */
const alreadyThere = (place: Place): RegistryError =>
  new RegistryError(
    'ALREADY_EXISTS',
    'FILE_EXISTS',
    `file ${segmentsOf(place).join('/')} already exists with these very bytes`,
    { details: { path: segmentsOf(place).join('/') } },
  );

function text(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid('FIELD_MISSING', `Request contains an invalid argument: ${field} is required.`, { field });
}
