import type { AuditName } from '../../core/audit.ts';
import { RegistryError } from '../../core/error.ts';
import { defineFormat, type FileRoute, keptRoute, param } from '../../core/format.ts';
import { routesWithin } from '../../core/routes-within.ts';
import { mavenChallenge } from './challenge.ts';
import { checksumHeaders, getChecksum } from './checksums.ts';
import { mavenError } from './errors.ts';
import { fileAt } from './files.ts';
import { metadataIndex } from './metadata-index.ts';
import { putChecksum } from './put-checksum.ts';
import { putFile } from './put-file.ts';
import { orRefuse, putMetadata } from './put-metadata.ts';
import { CHECKSUM, folderKey, OF_FOLDER, OF_SNAPSHOT, snapshotKey, sorted, within } from './segments.ts';
import { facts, mavenApi, snippets } from './shown.ts';
import { snapshotIndex } from './snapshot-index.ts';
import { mavenUpstream } from './upstream.ts';

/** cloud.google.com/artifact-registry/docs/audit-logging */
const reads = (method: string): AuditName => ({ method: `Maven-${method}`, type: 'DATA_READ' });
const publishes = (method: string): AuditName => ({ method: `Maven-${method}`, type: 'publish' });

const { read, query, upload } = routesWithin(within);

const FOLDER = `/:folder+/${OF_FOLDER}/:variant`;
const SNAPSHOT = `/:snapshot+/${OF_SNAPSHOT}/:variant`;
const CHECKSUM_OF = `/:path+/${CHECKSUM}/:algorithm`;

const missing = ({ of }: { readonly of: string }): RegistryError =>
  new RegistryError('NOT_FOUND', 'PACKAGE_UNKNOWN', `there is no metadata of ${of} here`, {
    details: { name: of },
  });

const metadata = keptRoute({
  ...read,
  path: FOLDER,
  audit: reads('File-Download'),
  index: metadataIndex,
  key: folderKey,
  variant: ({ params }) => param(params, 'variant'),
  missing,
});

const snapshot = keptRoute({
  ...read,
  path: SNAPSHOT,
  audit: reads('File-Download'),
  index: snapshotIndex,
  key: snapshotKey,
  variant: ({ params }) => param(params, 'variant'),
  missing,
});

const file: FileRoute = {
  ...read,
  kind: 'file',
  path: '/:path+',
  audit: reads('Artifact-Download'),
  file: ({ params }) => fileAt(params),
  headers: checksumHeaders,
};

/** Artifacts of Maven, Gradle and whatever else speaks to their repositories. */
export const maven = defineFormat({
  id: 'MAVEN',
  label: 'maven',
  title: 'Maven',
  settings: 'mavenConfig',
  takesEmptySegments: true,
  segments: sorted,
  routes: [
    metadata,
    snapshot,
    query('GET', CHECKSUM_OF, getChecksum(fileAt), reads('File-Download')),
    file,
    upload(
      'PUT',
      FOLDER,
      putMetadata(metadataIndex, orRefuse(folderKey, 'folder')),
      publishes('File-Upload'),
    ),
    upload(
      'PUT',
      SNAPSHOT,
      putMetadata(snapshotIndex, orRefuse(snapshotKey, 'snapshot')),
      publishes('File-Upload'),
    ),
    upload('PUT', CHECKSUM_OF, putChecksum, publishes('File-Upload')),
    upload('PUT', '/:path+', putFile, publishes('Artifact-Upload')),
  ],
  upstream: mavenUpstream,
  challenge: mavenChallenge,
  api: mavenApi,
  snippets,
  facts,
  errorBody: mavenError,
});
