import { describe, expect, it } from 'bun:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { PERMISSIONS } from '../core/permissions.ts';
import { FORMATS } from '../formats/index.ts';
import type { Json } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { dataRoutes } from './data-routes.ts';
import { openApi } from './openapi.ts';
import { apiRoutes } from './routes.ts';

const routes = apiRoutes(FORMATS);
const document: Json = openApi({ routes, dataRoutes: dataRoutes(FORMATS) });
const operations: readonly Json[] = Object.values(document.paths).flatMap((path) =>
  Object.values(path as object),
);

describe('the description of the API', () => {
  it('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
    expect(document.openapi).toBe('3.1.0');
  });

  it('has every method of the management API, and every route of the data plane', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id } of routes) expect(ids).toContain(id);
    const paths = Object.keys(document.paths);
    expect(paths).toContain('/v2/{location}-docker/{project}/{repository}/{image}/manifests/{reference}');
    expect(paths).toContain(
      '/v1/projects/{project}/locations/{location}/repositories/{repository}/files/{file}:download',
    );
    expect(operations).toHaveLength(new Set([...routes, ...dataRoutes(FORMATS)]).size);
  });

  it('refers to nothing that is not there', () => {
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, id]) => id,
    );
    const known = Object.keys(document.components.schemas);
    expect(references.filter((id) => !known.includes(id ?? ''))).toEqual([]);
    expect(references).toContain('Repository');
  });

  it('names the parameters that methods take', () => {
    const list = operations.find(({ operationId }) => operationId === 'versions.list');
    expect(list.parameters.map(({ name }: Json) => name)).toEqual([
      'project',
      'location',
      'repository',
      'package',
      'pageSize',
      'pageToken',
      'filter',
      'orderBy',
      'view',
    ]);
  });

  it('is served, with the address that it was asked at', async () => {
    await using server = await TestServer.start();
    const answer = await server.send('GET', '/openapi.json', { as: null, host: 'registry.example' });
    const served = (await answer.json()) as Json;
    expect(served.servers).toEqual([{ url: 'http://registry.example' }]);
    expect({ ...served, servers: document.servers }).toEqual(document);
    expect((await server.send('POST', '/openapi.json')).status).toBe(405);
    const head = await server.send('HEAD', '/openapi.json');
    expect({ status: head.status, text: await head.text() }).toEqual({ status: 200, text: '' });
    const { body } = await server.send('GET', '/openapi.json');
    expect(head.headers.get('content-length')).toBe(String((await new Response(body).bytes()).byteLength));
  });
});

describe('the methods of the management API', () => {
  it('each ask for a permission that exists, or show everyone only their own', () => {
    const open = routes.filter(({ permission }) => permission === 'account').map(({ id }) => id);
    expect(open).toEqual([
      'locations.listAll',
      'operations.get',
      'operations.cancel',
      'operations.getOfProjects',
      'users.me',
      'users.setPassword',
      'users.tokens.create',
      'users.tokens.list',
      'users.tokens.get',
      'users.tokens.delete',
      'repositories.testIamPermissions',
      'projects.testIamPermissions',
      'projectsV3.testIamPermissions',
      'serviceAccounts.testIamPermissions',
      'organizations.testIamPermissions',
      'organizationsV3.testIamPermissions',
      'roles.list',
      'roles.get',
      'roles.queryGrantableRoles',
      'permissions.queryTestablePermissions',
      'iam.troubleshoot',
      'iam.whoCan',
      'workloadIdentityPools.operations.get',
      'workloadIdentityPools.providers.operations.get',
    ]);
    const known: readonly string[] = [...PERMISSIONS, 'account'];
    expect(routes.filter(({ permission }) => !known.includes(permission))).toEqual([]);
  });

  it('ask for more than a right to read wherever they write', () => {
    const reads = routes.filter(({ audit }) => audit !== 'unrecorded' && audit.type.endsWith('_READ'));
    const writing = routes.filter(
      (route) =>
        route.method !== 'GET' && !/^(services|operations)\./.test(route.id) && !reads.includes(route),
    );
    const reading = writing.filter(({ permission }) => /\.(get|list|download)$/.test(permission));
    expect(reading).toEqual([]);
  });

  it('are these', () => {
    const table = routes.map(
      ({ method, path, permission }) => `${method.padEnd(6)} ${path}  [${permission}]`,
    );
    expect(table.join('\n')).toMatchSnapshot();
  });
});
