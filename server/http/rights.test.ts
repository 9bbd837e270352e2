import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Format, Route } from '../core/format.ts';
import type { ResourceName } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import { FORMATS } from '../formats/index.ts';
import { IMAGES } from '../testing/api.ts';
import { fileOf, moduleZip } from '../testing/go.ts';
import { pathOf } from '../testing/maven.ts';
import { packed, publication } from '../testing/npm.ts';
import { encoded, fieldsOf, form, wheel, wheelName } from '../testing/python.ts';
import {
  FILES,
  ARTIFACTS,
  holds,
  GO_VERSION,
  MODULES,
  MAVEN_ARTIFACT,
  NPM_PACKAGE,
  PACKAGES,
  PROJECTS,
  PYTHON_RELEASE,
  RightsServer,
  ROLES,
} from '../testing/rights-server.ts';

let rights: RightsServer;
beforeAll(async () => {
  rights = await RightsServer.start();
});
afterAll(() => rights[Symbol.asyncDispose]());

interface Asked {
  /** Below the repository. */
  readonly path: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}
/** A request to each route, about something that is there, as far as that depends on who asks. */
type Row = (as: string) => Promise<Asked> | Asked;

let made = 0;
const image = () => rights.params['package'] ?? '';
const freshTag = async (): Promise<string> => {
  made += 1;
  await rights.image.image(`t${made}`);
  return `t${made}`;
};
const freshBlob = async (): Promise<string> => {
  made += 1;
  return (await rights.image.blob(`blob ${made}`)).digest;
};
/** A session is its own account's; who may not begin one has none to ask about. */
const session = async (as: string): Promise<string> => {
  const begun = await rights.image.send('POST', 'blobs/uploads/', { as, body: '' });
  return begun.headers.get('location')?.split('/').at(-1) ?? 'none';
};
const upload: Row = async (as) => ({ path: `${image()}/blobs/uploads/${await session(as)}` });

const ROWS: Readonly<Record<string, Row>> = {
  'GET /:image+/manifests/:reference': () => ({ path: `${image()}/manifests/v1` }),
  'HEAD /:image+/manifests/:reference': () => ({ path: `${image()}/manifests/v1` }),
  'PUT /:image+/manifests/:reference': () => ({ path: `${image()}/manifests/v1`, body: '{"broken' }),
  'DELETE /:image+/manifests/:reference': async () => ({ path: `${image()}/manifests/${await freshTag()}` }),
  'POST /:image+/blobs/uploads': () => ({ path: `${image()}/blobs/uploads/`, body: '' }),
  'GET /:image+/blobs/uploads/:session': upload,
  'PATCH /:image+/blobs/uploads/:session': async (as) => ({ ...(await upload(as)), body: 'part' }),
  'PUT /:image+/blobs/uploads/:session': async (as) => ({ ...(await upload(as)), body: 'rest' }),
  'DELETE /:image+/blobs/uploads/:session': upload,
  'GET /:image+/blobs/:digest': async () => ({ path: `${image()}/blobs/${await freshBlob()}` }),
  'HEAD /:image+/blobs/:digest': async () => ({ path: `${image()}/blobs/${await freshBlob()}` }),
  'DELETE /:image+/blobs/:digest': async () => ({ path: `${image()}/blobs/${await freshBlob()}` }),
  'GET /:image*/tags/list': () => ({ path: `${image()}/tags/list` }),
  'HEAD /:image*/tags/list': () => ({ path: `${image()}/tags/list` }),
  'GET /:image+/referrers/:digest': () => ({ path: `${image()}/referrers/${rights.params['version']}` }),
  'HEAD /:image+/referrers/:digest': () => ({ path: `${image()}/referrers/${rights.params['version']}` }),
  'GET /:image+/_oci/ext/discover': () => ({ path: `${image()}/_oci/ext/discover` }),
  'HEAD /:image+/_oci/ext/discover': () => ({ path: `${image()}/_oci/ext/discover` }),
};

const SCOPED = NPM_PACKAGE.replace('/', '%2f');
const audit =
  (question: string): Row =>
  () => ({ path: `-/npm/v1/security/${question}`, body: '{}' });
const tag =
  (name: string): Row =>
  () => ({ path: `-/package/${SCOPED}/dist-tags/${name}`, body: '"1.0.0"' });
const spare = async (): Promise<string> => {
  made += 1;
  await rights.npm.publish({ name: `spare-${made}` });
  return `spare-${made}`;
};

const stagedBody = async (name: string): Promise<string> => {
  const manifest = { name, version: '1.0.0' };
  return JSON.stringify(publication(manifest, await packed(manifest)));
};
const stage = async (): Promise<string> => {
  made += 1;
  const body = await stagedBody(`staged-${made}`);
  const answer = await rights.npm.send('POST', `-/stage/package/staged-${made}`, { body });
  return ((await answer.json()) as { readonly stageId: string }).stageId;
};
const staged =
  (more = ''): Row =>
  async () => ({ path: `-/stage/${await stage()}${more}` });

const NPM_ROWS: Readonly<Record<string, Row>> = {
  'POST /-/stage/package/:pkg': async () => ({
    path: '-/stage/package/fresh',
    body: await stagedBody('fresh'),
  }),
  'GET /-/stage': () => ({ path: '-/stage?page=0' }),
  'GET /-/stage/:id': staged(),
  'GET /-/stage/:id/tarball': staged('/tarball'),
  'POST /-/stage/:id/approve': staged('/approve'),
  'DELETE /-/stage/:id': staged(),
  'GET /:pkg': () => ({ path: SCOPED }),
  'HEAD /:pkg': () => ({ path: SCOPED }),
  'GET /:pkg/:of': () => ({ path: `${SCOPED}/1.0.0` }),
  'HEAD /:pkg/:of': () => ({ path: `${SCOPED}/latest` }),
  'GET /:pkg/-/:file': () => ({ path: `${NPM_PACKAGE}/-/app-1.0.0.tgz` }),
  'HEAD /:pkg/-/:file': () => ({ path: `${NPM_PACKAGE}/-/app-1.0.0.tgz` }),
  'PUT /:pkg': () => ({ path: SCOPED, body: '{"broken' }),
  'PUT /:pkg/-rev/:rev': () => ({ path: `${SCOPED}/-rev/1`, body: '{"broken' }),
  'DELETE /:pkg/-rev/:rev': async () => {
    const name = await spare();
    return { path: `${name}/-rev/${await rights.npm.revision(name)}` };
  },
  'DELETE /:pkg/-/:file/-rev/:rev': () => ({ path: `${NPM_PACKAGE}/-/app-9.0.0.tgz/-rev/1` }),
  'GET /-/package/:pkg/dist-tags': () => ({ path: `-/package/${SCOPED}/dist-tags` }),
  'HEAD /-/package/:pkg/dist-tags': () => ({ path: `-/package/${SCOPED}/dist-tags` }),
  'PUT /-/package/:pkg/dist-tags/:tag': tag('put'),
  'POST /-/package/:pkg/dist-tags/:tag': tag('post'),
  'DELETE /-/package/:pkg/dist-tags/:tag': async () => {
    made += 1;
    await rights.npm.put(`-/package/${SCOPED}/dist-tags/gone-${made}`, '1.0.0');
    return { path: `-/package/${SCOPED}/dist-tags/gone-${made}` };
  },
  'GET /-/v1/search': () => ({ path: '-/v1/search?text=app' }),
  'HEAD /-/v1/search': () => ({ path: '-/v1/search?text=app' }),
  'POST /-/npm/v1/security/advisories/bulk': audit('advisories/bulk'),
  'POST /-/npm/v1/security/audits': audit('audits'),
  'POST /-/npm/v1/security/audits/quick': audit('audits/quick'),
  'GET /:again*/-/npm/v1/attestations/:of': () => ({ path: `-/npm/v1/attestations/${SCOPED}@1.0.0` }),
  'HEAD /:again*/-/npm/v1/attestations/:of': () => ({ path: `-/npm/v1/attestations/${SCOPED}@1.0.0` }),
};

const WHEEL = wheelName(PYTHON_RELEASE);
const repeated =
  (path: string): Row =>
  async () => {
    const bytes = wheel(PYTHON_RELEASE);
    return { path, ...(await encoded(form(WHEEL, bytes, fieldsOf(PYTHON_RELEASE, bytes)))) };
  };
const at =
  (path: string): Row =>
  () => ({ path });

const PYTHON_ROWS: Readonly<Record<string, Row>> = {
  'POST /': repeated(''),
  'POST /legacy': repeated('legacy/'),
  'GET /simple': at('simple/'),
  'HEAD /simple': at('simple/'),
  'GET /simple/:project': at('simple/team-app/'),
  'HEAD /simple/:project': at('simple/team-app/'),
  'GET /simple/:project/-': at('simple/Team_App/'),
  'HEAD /simple/:project/-': at('simple/Team_App/'),
  'GET /:project/:file': at(`team-app/${WHEEL}`),
  'HEAD /:project/:file': at(`team-app/${WHEEL}`),
  'GET /integrity/:project/:version/:file/provenance': at(`integrity/team-app/1.0/${WHEEL}/provenance`),
  'HEAD /integrity/:project/:version/:file/provenance': at(`integrity/team-app/1.0/${WHEEL}/provenance`),
};

const GO_MODULE = 'example.com/%21team/app';
const goFile =
  (kind: 'info' | 'mod' | 'zip'): Row =>
  () => ({ path: fileOf(GO_VERSION, kind) });

const SUMDB = 'sumdb/sum.example.com';
const GO_ROWS: Readonly<Record<string, Row>> = {
  'GET /sumdb/:database/supported': at(`${SUMDB}/supported`),
  'HEAD /sumdb/:database/supported': at(`${SUMDB}/supported`),
  'GET /sumdb/:database/latest': at(`${SUMDB}/latest`),
  'HEAD /sumdb/:database/latest': at(`${SUMDB}/latest`),
  'GET /sumdb/:database/lookup/:of+': at(`${SUMDB}/lookup/${GO_MODULE}@v1.0.0`),
  'HEAD /sumdb/:database/lookup/:of+': at(`${SUMDB}/lookup/${GO_MODULE}@v1.0.0`),
  'GET /sumdb/:database/tile/:tile+': at(`${SUMDB}/tile/8/0/000`),
  'HEAD /sumdb/:database/tile/:tile+': at(`${SUMDB}/tile/8/0/000`),
  'PUT /upload': () => ({ path: 'upload', body: moduleZip({ ...GO_VERSION, version: 'v2.0.0' }) }),
  'PUT /:module+/@v/:version/zip': () => ({ path: fileOf(GO_VERSION, 'zip'), body: 'broken' }),
  'GET /:module+/@v/list': at(`${GO_MODULE}/@v/list`),
  'HEAD /:module+/@v/list': at(`${GO_MODULE}/@v/list`),
  'GET /:module+/@latest': at(`${GO_MODULE}/@latest`),
  'HEAD /:module+/@latest': at(`${GO_MODULE}/@latest`),
  'GET /:module+/@q/:query': at(`${GO_MODULE}/@v/main.info`),
  'HEAD /:module+/@q/:query': at(`${GO_MODULE}/@v/main.info`),
  'GET /:module+/@v/:version/info': goFile('info'),
  'HEAD /:module+/@v/:version/info': goFile('info'),
  'GET /:module+/@v/:version/mod': goFile('mod'),
  'HEAD /:module+/@v/:version/mod': goFile('mod'),
  'GET /:module+/@v/:version/zip': goFile('zip'),
  'HEAD /:module+/@v/:version/zip': goFile('zip'),
};

/** Refused, to those who may write, for what no file is sent with. */
const part: Row = () => ({
  path: 'tool/1.0/new.txt',
  body: 'a',
  headers: { 'content-range': 'bytes 0-0/2' },
});
const spareFile = async (): Promise<string> => {
  made += 1;
  await rights.files.publish(`spare/${made}.0/file.txt`, 'spare');
  return `spare/${made}.0`;
};

const GENERIC_ROWS: Readonly<Record<string, Row>> = {
  'GET /': at(''),
  'HEAD /': at(''),
  'GET /:path+/': at('tool/1.0/'),
  'HEAD /:path+/': at('tool/1.0/'),
  'PUT /:path+/': at('tool/1.0/'),
  'DELETE /:path+/': async () => ({ path: `${await spareFile()}/?force=true` }),
  'GET /:path+': at('tool/1.0/tool.txt'),
  'HEAD /:path+': at('tool/1.0/tool.txt'),
  'PUT /:path+': part,
  'DELETE /:path+': async () => ({ path: `${await spareFile()}/file.txt` }),
};

const MAVEN_METADATA = at('com/acme/app/maven-metadata.xml');
const MAVEN_BUILDS = at('com/acme/app/2.0-SNAPSHOT/maven-metadata.xml');
const MAVEN_FILE = at(pathOf(MAVEN_ARTIFACT));
const MAVEN_SHA1 = at(`${pathOf(MAVEN_ARTIFACT)}.sha1`);
const MAVEN_ROWS: Readonly<Record<string, Row>> = {
  'GET /:folder+/@metadata/:variant': MAVEN_METADATA,
  'HEAD /:folder+/@metadata/:variant': MAVEN_METADATA,
  'GET /:snapshot+/@snapshot/:variant': MAVEN_BUILDS,
  'HEAD /:snapshot+/@snapshot/:variant': MAVEN_BUILDS,
  'GET /:path+/@checksum/:algorithm': MAVEN_SHA1,
  'HEAD /:path+/@checksum/:algorithm': MAVEN_SHA1,
  'GET /:path+': MAVEN_FILE,
  'HEAD /:path+': MAVEN_FILE,
  'PUT /:folder+/@metadata/:variant': async (as) => ({ ...(await MAVEN_METADATA(as)), body: '' }),
  'PUT /:snapshot+/@snapshot/:variant': async (as) => ({ ...(await MAVEN_BUILDS(as)), body: '' }),
  'PUT /:path+/@checksum/:algorithm': async (as) => ({ ...(await MAVEN_SHA1(as)), body: 'none' }),
  'PUT /:path+': () => ({ path: pathOf({ name: 'broken' }, '.pom'), body: '<broken' }),
};

interface Surface {
  readonly rows: Readonly<Record<string, Row>>;
  /** Where the repository is. */
  readonly at: string;
  readonly on: ResourceName;
}
const SURFACES: Readonly<Record<string, Surface>> = {
  DOCKER: { rows: ROWS, at: '/v2/us-central1-docker/my-project/images', on: IMAGES },
  NPM: { rows: NPM_ROWS, at: '/us-central1-npm/my-project/packages', on: PACKAGES },
  GENERIC: { rows: GENERIC_ROWS, at: '/us-central1-generic/my-project/files', on: FILES },
  MAVEN: { rows: MAVEN_ROWS, at: '/us-central1-maven/my-project/artifacts', on: ARTIFACTS },
  PYTHON: { rows: PYTHON_ROWS, at: '/us-central1-python/my-project/projects', on: PROJECTS },
  GO: { rows: GO_ROWS, at: '/us-central1-go/my-project/modules', on: MODULES },
};

const methodsOf = (route: Route): readonly string[] => {
  if (route.kind === 'command') return [route.method];
  return route.kind === 'query' && route.method !== 'GET' ? [route.method] : ['GET', 'HEAD'];
};
const routes = FORMATS.flatMap((format: Format) =>
  format.routes.flatMap((route) =>
    methodsOf(route).map(
      (method) => [`${method} ${route.path}`, method, route, SURFACES[format.id]] as const,
    ),
  ),
);

test('every route is here', () => {
  const rows = Object.values(SURFACES).flatMap((surface) => Object.keys(surface.rows));
  expect(rows.sort()).toEqual(routes.map(([name]) => name).sort());
});

describe.each(routes)('%s', (name, method, { permission }, surface) => {
  const ask = async (as: string): Promise<number> => {
    const row = surface?.rows[name];
    if (!surface || !row) throw new Error(`${name} has no row`);
    const { path, body, headers = {} } = await row(as);
    const sent = method === 'GET' || method === 'HEAD' ? { as } : { as, headers, body: body ?? '' };
    return (await rights.server.send(method, `${surface.at}/${path}`, sent)).status;
  };
  const on = surface?.on ?? IMAGES;
  const may = (role: string): boolean => holds(role, permission satisfies Permission);

  test('lets in exactly the roles with its permission', async () => {
    const rows: (readonly [string, boolean])[] = [];
    for (const role of ROLES) rows.push([role, (await ask(rights.holder(role, on))) !== 403]);
    expect(rows).toEqual(ROLES.map((role) => [role, may(role)]));
  });

  test('lets in nobody for a role held elsewhere', async () => {
    for (const role of ROLES) expect([role, await ask(rights.stranger(role, on))]).toEqual([role, 403]);
  });

  test('is asked about something that is there', async () => {
    // A body that cannot be read is refused only to those who may write.
    const unread = name.startsWith('PUT ') && !/:(?:tag|variant)$/.test(name);
    // A repository of one's own relays nothing.
    const relayed = name.includes(' /sumdb/');
    const status = await ask(rights.holder('roles/owner', on));
    const isThere = unread ? status === 400 : status < 400;
    expect([status, relayed ? status === 404 : isThere]).toEqual([status, true]);
  });
});
