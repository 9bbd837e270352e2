import { notFound, RegistryError } from '../../core/error.ts';
import {
  defineFormat,
  type FileRoute,
  param,
  rememberedRoute,
  type RouteRequest,
} from '../../core/format.ts';
import { routesWithin } from '../../core/routes-within.ts';
import { fromAttributes } from './attributes.ts';
import type { AuditName } from '../../core/audit.ts';
import { bearerChallenge } from './challenge.ts';
import { deleteBlob, deleteManifest } from './delete.ts';
import { dockerApi } from './docker-images.ts';
import { blobFile, manifestFile } from './files.ts';
import { digestOf, imageName, isTag, referenceOf } from './names.ts';
import { pageOf } from './paging.ts';
import { within } from './within.ts';
import { putManifest } from './put-manifest.ts';
import { referrers } from './referrers.ts';
import { noExtensions, ociError, services } from './services.ts';
import { tagsList } from './tags-list.ts';
import { ociUpstream } from './upstream.ts';
import { appendChunk, cancelUpload, finishUpload, startUpload, uploadStatus } from './uploads.ts';

const imageOf = ({ params }: Pick<RouteRequest, 'params'>): string => imageName(param(params, 'image'));

const manifestUnknown = (path: string): RegistryError =>
  new RegistryError('NOT_FOUND', 'MANIFEST_UNKNOWN', `manifest ${path} does not exist`, {
    details: { path },
  });

/** cloud.google.com/artifact-registry/docs/audit-logging */
const reads = (method: string): AuditName => ({ method: `Docker-${method}`, type: 'DATA_READ' });
const uploads = (method: string): AuditName => ({
  method: `Docker-${method}`,
  type: 'DATA_WRITE',
  secrets: ['session'],
});
const publishes = (method: string): AuditName => ({ method: `Docker-${method}`, type: 'publish' });

const { read, query, upload, remove } = routesWithin(within);

const manifests: FileRoute = {
  ...read,
  kind: 'file',
  path: '/:image+/manifests/:reference',
  audit: { ...reads('GetManifest'), head: reads('HeadManifest') },
  file: (request) => {
    const image = imageOf(request);
    const reference = param(request.params, 'reference');
    // What cannot be a tag is one that is not there (spec.md, Pulling manifests); only a push is told why.
    if (!reference.includes(':') && !isTag(reference))
      throw manifestUnknown(`${image}/manifests/${reference}`);
    return manifestFile(image, referenceOf(reference));
  },
  headers: ({ file }) => ({ 'docker-content-digest': file.coordinates?.version ?? '' }),
  missing: ({ path }) => manifestUnknown(path),
};

const blobs: FileRoute = {
  ...read,
  kind: 'file',
  path: '/:image+/blobs/:digest',
  // A write, because whoever asks is about to push.
  audit: { ...reads('ServeBlob'), head: uploads('HeadBlob') },
  headBeforeWrite: true,
  file: (request) => blobFile(imageOf(request), digestOf(param(request.params, 'digest'))),
  headers: ({ file }) => ({ 'docker-content-digest': file.path.slice(file.path.lastIndexOf('/') + 1) }),
  missing: ({ path }) => notFound('BLOB', { path }),
};

/** Docker and OCI images, and whatever else travels as them: charts, signatures, SBOMs. */
export const oci = defineFormat({
  id: 'DOCKER',
  label: 'docker',
  title: 'Docker',
  root: 'v2',
  // cloud.google.com/artifact-registry/docs/transition/gcr-repositories
  legacyRepositories: [
    { segment: 'gcr.io', hostLabel: 'gcr', location: 'us', repository: 'gcr.io' },
    { segment: 'us.gcr.io', hostLabel: 'us.gcr', location: 'us', repository: 'us.gcr.io' },
    { segment: 'eu.gcr.io', hostLabel: 'eu.gcr', location: 'europe', repository: 'eu.gcr.io' },
    { segment: 'asia.gcr.io', hostLabel: 'asia.gcr', location: 'asia', repository: 'asia.gcr.io' },
  ],
  // Old engines tell version 2 by it, also on a refusal.
  headers: { 'docker-distribution-api-version': 'registry/2.0' },
  services,
  routes: [
    manifests,
    upload('PUT', '/:image+/manifests/:reference', putManifest, publishes('PutManifest')),
    remove('/:image+/manifests/:reference', deleteManifest, publishes('DeleteManifest')),
    upload('POST', '/:image+/blobs/uploads', startUpload, uploads('StartUpload')),
    upload('GET', '/:image+/blobs/uploads/:session', uploadStatus, uploads('UploadStatus')),
    upload('PATCH', '/:image+/blobs/uploads/:session', appendChunk, uploads('AppendUpload')),
    upload('PUT', '/:image+/blobs/uploads/:session', finishUpload, uploads('FinishUpload')),
    upload('DELETE', '/:image+/blobs/uploads/:session', cancelUpload, uploads('CancelUpload')),
    blobs,
    remove('/:image+/blobs/:digest', deleteBlob, publishes('DeleteBlob')),
    rememberedRoute({
      ...read,
      path: '/:image*/tags/list',
      audit: reads('GetTags'),
      index: tagsList,
      key: (request) => {
        const image = param(request.params, 'image');
        return {
          of: image === '' ? '' : imageName(image),
          page: pageOf(request.query, { usual: 1_000, most: 10_000 }),
        };
      },
      missing: ({ of: name }) =>
        new RegistryError(
          'NOT_FOUND',
          'NAME_UNKNOWN',
          `image ${name} does not exist; it comes with its first push`,
          {
            details: { name },
          },
        ),
    }),
    rememberedRoute({
      ...read,
      path: '/:image+/referrers/:digest',
      audit: reads('GetReferrers'),
      index: referrers,
      key: (request) => {
        const artifactType = request.query.get('artifactType');
        return {
          of: `${imageOf(request)}@${digestOf(param(request.params, 'digest'))}`,
          page: pageOf(request.query, { usual: 100, most: 1_000 }),
          ...(artifactType && { filter: artifactType }),
        };
      },
    }),
    query('GET', '/:image+/_oci/ext/discover', noExtensions, reads('DiscoverExtensions')),
  ],
  upstream: ociUpstream,
  challenge: bearerChallenge,
  api: dockerApi,
  snippets: (address) => [
    { title: 'Log in', language: 'sh', text: `docker login ${address.split('/')[0]}` },
    { title: 'Push', language: 'sh', text: `docker push ${address}/IMAGE:TAG` },
    { title: 'Pull', language: 'sh', text: `docker pull ${address}/IMAGE:TAG` },
  ],
  facts: ({ attributes }) => {
    const { mediaType, artifactType, buildTime, children } = fromAttributes(attributes);
    return [
      { label: 'Media type', value: mediaType },
      ...(artifactType ? [{ label: 'Artifact type', value: artifactType }] : []),
      ...(buildTime ? [{ label: 'Built', value: buildTime }] : []),
      ...(children ? [{ label: 'Images', value: String(children.length) }] : []),
    ];
  },
  errorBody: ociError,
});
