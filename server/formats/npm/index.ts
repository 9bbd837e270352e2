import type { AuditName } from '../../core/audit.ts';
import { notFound } from '../../core/error.ts';
import { type CommandRoute, defineFormat, type FileRoute, keptRoute, param } from '../../core/format.ts';
import { tarballPath, versionInFile } from './names.ts';
import { ABBREVIATED, FULL, packumentIndex } from './packument-index.ts';
import { putPackage } from './put-package.ts';
import { npmError } from './errors.ts';
import { npmChallenge } from './challenge.ts';
import { packageToRead, scopesJoined, within } from './segments.ts';

/** cloud.google.com/artifact-registry/docs/audit-logging */
const reads = (method: string): AuditName => ({ method: `Npm-${method}`, type: 'DATA_READ' });
const publishes = (method: string): AuditName => ({ method: `Npm-${method}`, type: 'publish' });

const packument = keptRoute({
  path: '/:pkg',
  permission: 'artifactregistry.repositories.downloadArtifacts',
  within,
  audit: { ...reads('GetManifest'), head: reads('HeadManifest') },
  index: packumentIndex,
  key: (request) => ({ of: packageToRead(request) }),
  // Whatever else a client takes, it gets what it can use: some ask for the abbreviated form alone, some for nothing.
  variant: ({ headers }) =>
    headers.get('accept')?.includes('application/vnd.npm.install-v1+json') ? ABBREVIATED : FULL,
  missing: ({ of: name }) => notFound('PACKAGE', { name }),
});

const tarball: FileRoute = {
  kind: 'file',
  path: '/:pkg/-/:file',
  permission: 'artifactregistry.repositories.downloadArtifacts',
  within,
  audit: { ...reads('InstallPackage'), head: reads('HeadPackage') },
  file: (request) => {
    const name = packageToRead(request);
    const file = param(request.params, 'file');
    const version = versionInFile(name, [file]);
    if (version === undefined) throw notFound('FILE', { path: `${name}/-/${file}` });
    return {
      path: tarballPath(name, version),
      freshness: 'immutable',
      coordinates: { package: name, version },
      contentType: 'application/octet-stream',
    };
  },
};

const upload = (
  method: CommandRoute['method'],
  path: string,
  run: CommandRoute['run'],
  audit: AuditName,
): CommandRoute => ({
  kind: 'command',
  method,
  path,
  permission: 'artifactregistry.repositories.uploadArtifacts',
  within,
  audit,
  run,
});

/** Packages of Node.js and of browsers. */
export const npm = defineFormat({
  id: 'NPM',
  label: 'npm',
  title: 'npm',
  takesEmptySegments: true,
  segments: scopesJoined,
  routes: [packument, tarball, upload('PUT', '/:pkg', putPackage, publishes('PublishPackage'))],
  challenge: npmChallenge,
  snippets: () => [],
  facts: () => [],
  errorBody: npmError,
});
