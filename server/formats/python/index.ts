import type { AuditName } from '../../core/audit.ts';
import { notFound, RegistryError } from '../../core/error.ts';
import { type CommandRoute, defineFormat, type FileRoute, keptRoute, param } from '../../core/format.ts';
import { routesWithin } from '../../core/routes-within.ts';
import { pythonChallenge } from './challenge.ts';
import { pythonError } from './errors.ts';
import { versionInFile } from './filenames.ts';
import { filePath, METADATA, PROVENANCE } from './names.ts';
import { wantedForm } from './negotiate.ts';
import { projectIndex } from './project-index.ts';
import { ROOT, rootIndex } from './root-index.ts';
import { ELSEWHERE, oneSpelling, projectOf, within } from './segments.ts';
import { facts, pythonApi, snippets } from './shown.ts';
import { upload } from './upload.ts';
import { pythonUpstream } from './upstream.ts';
import { sameVersion } from './versions.ts';

/** cloud.google.com/artifact-registry/docs/audit-logging */
const reads = (method: string): AuditName => ({ method: `Python-${method}`, type: 'DATA_READ' });

const routes = routesWithin(within);

const project = keptRoute({
  ...routes.read,
  path: '/simple/:project',
  audit: { ...reads('PackageVersions'), head: reads('HeadPackageVersions') },
  index: projectIndex,
  key: (request) => ({ of: projectOf(request) }),
  variant: wantedForm,
  missing: ({ of: name }) =>
    new RegistryError('NOT_FOUND', 'PACKAGE_UNKNOWN', `there is no project ${name} here`, {
      details: { name },
    }),
});

const root = keptRoute({
  ...routes.read,
  path: '/simple',
  audit: reads('Packages'),
  index: rootIndex,
  key: () => ROOT,
  variant: wantedForm,
});

const elsewhere = routes.query(
  'GET',
  `/simple/:project/${ELSEWHERE}`,
  async ({ params, query, basePath }) => {
    const asked = query.size > 0 ? `?${query.toString()}` : '';
    const location = `${basePath}/simple/${projectOf({ params })}/${asked}`;
    return new Response(null, { status: 301, headers: { location } });
  },
  reads('PackageVersions'),
);

const file: FileRoute = {
  ...routes.read,
  kind: 'file',
  path: '/:project/:file',
  audit: { ...reads('InstallPackage'), head: reads('HeadFile') },
  file: (request) => {
    const name = projectOf(request);
    const filename = param(request.params, 'file');
    const distribution = filename.endsWith(METADATA) ? filename.slice(0, -METADATA.length) : filename;
    const version = versionInFile(name, distribution);
    if (version === undefined) throw notFound('FILE', { path: filePath(name, filename) });
    return {
      path: filePath(name, filename),
      freshness: 'immutable',
      coordinates: { package: name, version },
      contentType: 'application/octet-stream',
    };
  },
};

const provenance: FileRoute = {
  ...routes.read,
  kind: 'file',
  path: '/integrity/:project/:version/:file/provenance',
  audit: reads('GetProvenance'),
  file: (request) => {
    const name = projectOf(request);
    const filename = param(request.params, 'file');
    const path = filePath(name, filename) + PROVENANCE;
    // What rules and conditions are asked about is the file, whatever the address calls its version.
    const version = versionInFile(name, filename);
    if (version === undefined || !sameVersion(version, param(request.params, 'version')))
      throw notFound('FILE', { path });
    return {
      path,
      freshness: 'immutable',
      coordinates: { package: name, version },
      contentType: 'application/vnd.pypi.integrity.v1+json',
    };
  },
};

const uploads = (path: string): CommandRoute =>
  routes.upload('POST', path, upload, { method: 'Python-UploadPackage', type: 'publish' });

/** Packages of Python. */
export const python = defineFormat({
  id: 'PYTHON',
  label: 'python',
  title: 'Python',
  takesEmptySegments: true,
  segments: oneSpelling,
  // Clients add `legacy` to what they are told, or take it for granted.
  routes: [uploads('/'), uploads('/legacy'), root, project, elsewhere, file, provenance],
  upstream: pythonUpstream,
  challenge: pythonChallenge,
  api: pythonApi,
  snippets,
  facts,
  errorBody: pythonError,
});
