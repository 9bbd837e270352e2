import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, type Json, LOCATION, PROJECT } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start(['--locations', 'us,europe,asia,us-central1']);
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

describe('projects', () => {
  it('are made by an operation that is over at once', async () => {
    const operation = await admin.ok('POST', 'projects', {
      projectId: 'team-one',
      name: 'Team One',
      labels: { a: 'b' },
    });
    expect(operation.name).toMatch(/^operations\/[0-9a-f-]{36}$/);
    expect(operation).toMatchObject({
      done: true,
      response: {
        '@type': 'type.googleapis.com/google.cloudresourcemanager.v1.Project',
        projectId: 'team-one',
        lifecycleState: 'ACTIVE',
        name: 'Team One',
        labels: { a: 'b' },
      },
    });
    expect(await admin.get(operation.name)).toEqual(operation);
    const project = await admin.get('projects/team-one');
    expect(project.projectNumber).toMatch(/^\d{12}$/);
    expect(await admin.refused('POST', 'projects', { projectId: 'team-one' })).toMatchObject({ status: 409 });
  });

  it('have numbers of their own', async () => {
    const { response: one } = await admin.ok('POST', 'projects', { projectId: 'numbered-1' });
    const { response: two } = await admin.ok('POST', 'projects', { project_id: 'numbered-2' });
    expect(one.projectNumber).not.toBe(two.projectNumber);
    expect(one.name).toBe('numbered-1');
  });

  it('are shown in the shape of v3 too', async () => {
    const { projectNumber } = await admin.get(PROJECT);
    const v3 = (await (await server.send('GET', `/v3/${PROJECT}`)).json()) as Json;
    expect(v3).toMatchObject({ name: `projects/${projectNumber}`, projectId: 'my-project', state: 'ACTIVE' });
    const all = (await (await server.send('GET', '/v3/projects:search')).json()) as Json;
    expect(all.projects.map((project: Json) => project.projectId)).toContain('my-project');
  });

  it.each([
    '',
    'short',
    'Upper-case',
    '1-starts-badly',
    'ends-badly-',
    'a'.repeat(31),
    'no.domain:x',
    'two/parts',
  ])('are not called %p', async (projectId) => {
    expect(await admin.refused('POST', 'projects', { projectId })).toMatchObject({
      status: 400,
      field: 'project_id',
    });
  });

  it('are renamed and labelled, with either method', async () => {
    const patched = await admin.ok('PATCH', 'projects/team-one?updateMask=name', {
      name: 'Renamed',
      labels: {},
    });
    expect(patched).toMatchObject({ name: 'Renamed', labels: { a: 'b' } });
    const replaced = await admin.ok('PUT', 'projects/team-one', { ...patched, labels: { c: 'd' } });
    expect(replaced).toMatchObject({ name: 'Renamed', labels: { c: 'd' } });
    expect(await admin.refused('PATCH', 'projects/team-one', { labels: { 'Bad Key': '' } })).toMatchObject({
      status: 400,
    });
  });

  it('are listed page by page as far as the caller may see them', async () => {
    const { items } = await admin.pages('projects?pageSize=1', 'projects');
    const ids = items.map(({ projectId }) => projectId);
    expect(ids).toEqual(ids.toSorted((a: string, b: string) => (a < b ? -1 : 1)));
    expect(ids).toContain('my-project');
    const guest = new ApiCaller(server, await server.account('project-guest', ['projects/team-one']));
    const seen = await guest.get('projects');
    expect(seen.projects.map(({ projectId }: Json) => projectId)).toEqual(['team-one']);
    expect(await guest.refused('GET', PROJECT)).toMatchObject({ status: 403 });
    expect(await guest.refused('POST', 'projects', { projectId: 'not-allowed' })).toMatchObject({
      status: 403,
    });
    const nobody = new ApiCaller(server, await server.account('project-nobody'));
    expect(await nobody.refused('GET', 'projects')).toMatchObject({ status: 403 });
  });

  it('are deleted once they are empty', async () => {
    await admin.ok('POST', 'projects', { projectId: 'doomed-project' });
    const parent = 'projects/doomed-project/locations/us/repositories';
    await admin.ok('POST', `${parent}?repositoryId=last`, { format: 'DOCKER' });
    const refusal = await admin.refused('DELETE', 'projects/doomed-project');
    expect(refusal).toMatchObject({ status: 400, code: 'FAILED_PRECONDITION' });
    await admin.ok('DELETE', `${parent}/last`);
    expect(await admin.ok('DELETE', 'projects/doomed-project')).toEqual({});
    expect(await admin.refused('GET', 'projects/doomed-project')).toMatchObject({ status: 404 });
  });
});

describe('who makes a project', () => {
  it('owns it, and nothing else', async () => {
    await server.grant('/', 'roles/resourcemanager.projectCreator', 'user:founder');
    const founder = new ApiCaller(server, await server.account('founder'));
    await founder.ok('POST', 'projects', { projectId: 'founded-one' });
    await founder.ok('POST', 'projects/founded-one/locations/us/repositories?repositoryId=first', {
      format: 'DOCKER',
    });
    await founder.ok('DELETE', 'projects/founded-one/locations/us/repositories/first');
    expect(await founder.refused('GET', PROJECT)).toMatchObject({ status: 403 });
    expect(await founder.refused('POST', 'projects', { projectId: 'founded-one' })).toMatchObject({
      status: 409,
    });
    expect((await founder.get('projects')).projects).toHaveLength(1);
  });

  it('owns nothing of a project of the same name that somebody makes later', async () => {
    await server.grant('/', 'roles/resourcemanager.projectCreator', 'user:first-owner');
    const first = new ApiCaller(server, await server.account('first-owner'));
    const { response: before } = await first.ok('POST', 'projects', { projectId: 'twice-made' });
    const path = 'projects/twice-made/locations/us/repositories';
    await first.ok('POST', `${path}?repositoryId=again`, { format: 'DOCKER' });
    await server.grant('projects/twice-made/locations/us/repositories/again', 'roles/viewer', 'user:guest');
    const guest = new ApiCaller(server, await server.account('guest'));
    await guest.get(`${path}/again`);

    await first.ok('DELETE', `${path}/again`);
    await first.ok('POST', `${path}?repositoryId=again`, { format: 'DOCKER' });
    expect(await guest.refused('GET', `${path}/again`)).toMatchObject({ status: 403 });

    await first.ok('DELETE', `${path}/again`);
    await first.ok('DELETE', 'projects/twice-made');
    const { response: after } = await admin.ok('POST', 'projects', { projectId: 'twice-made' });
    expect(after.projectNumber).not.toBe(before.projectNumber);
    expect(await first.refused('GET', 'projects/twice-made')).toMatchObject({ status: 403 });
  });
});

describe('the project of a first start', () => {
  it('is made like any other', async () => {
    expect((await admin.get(PROJECT)).projectNumber).toMatch(/^\d{12}$/);
    const made = await server.database.read
      .selectFrom('outbox')
      .select('payload')
      .where('name', '=', 'project.created')
      .execute();
    expect(made.map(({ payload }) => JSON.parse(payload).project)).toContain('my-project');
  });
});

describe('locations', () => {
  it('are those the server was given', async () => {
    const { items } = await admin.pages(`${PROJECT}/locations?pageSize=3`, 'locations');
    expect(items.map(({ locationId }) => locationId)).toEqual(['asia', 'europe', 'us', 'us-central1']);
    const old = (await (await server.send('GET', `/v1beta2/${PROJECT}/locations`)).json()) as Json;
    expect(old.locations).toEqual([...items]);
    expect((await admin.get('locations')).locations).toHaveLength(4);
    expect((await admin.get(LOCATION)).name).toBe(LOCATION);
    expect(await admin.refused('GET', `${PROJECT}/locations/mars`)).toMatchObject({ status: 404 });
  });
});

describe('settings', () => {
  it('of a project are kept, the percentage too when only the state is named', async () => {
    const name = `${PROJECT}/projectSettings`;
    expect(await admin.get(name)).toEqual({ name });
    const state = 'REDIRECTION_FROM_GCR_IO_PARTIAL_AND_COPYING';
    const mask = 'updateMask=legacy_redirection_state';
    await admin.ok('PATCH', `${name}?${mask}`, { legacyRedirectionState: state });
    await admin.ok('PATCH', `${name}?${mask}`, { legacyRedirectionState: 6, pullPercent: 10 });
    expect(await admin.get(name)).toEqual({ name, legacyRedirectionState: state, pullPercent: 10 });
  });

  it('of a location are its own', async () => {
    const name = `${LOCATION}/projectConfig`;
    const platformLogsConfig = { loggingState: 'ENABLED', severityLevel: 'INFO' };
    await admin.ok('PATCH', `${name}?updateMask=platformLogsConfig`, { platformLogsConfig });
    expect(await admin.get(name)).toEqual({ name, platformLogsConfig });
    const other = `${PROJECT}/locations/us/projectConfig`;
    expect(await admin.get(other)).toEqual({ name: other });
  });

  it('of a perimeter are set without a mask', async () => {
    const name = `${LOCATION}/vpcscConfig`;
    expect(await admin.ok('PATCH', name, { name, vpcscPolicy: 'deny' })).toEqual({
      name,
      vpcscPolicy: 'DENY',
    });
    expect(await admin.get(name)).toEqual({ name, vpcscPolicy: 'DENY' });
    expect(await admin.refused('GET', `${PROJECT}/locations/mars/vpcscConfig`)).toMatchObject({
      status: 400,
    });
    expect(await admin.refused('GET', 'projects/absent-one/locations/us/vpcscConfig')).toMatchObject({
      status: 404,
    });
  });
});

describe('services', () => {
  it('are all on', async () => {
    const name = `${PROJECT}/services/containeranalysis.googleapis.com`;
    expect(await admin.get(name)).toEqual({ name, parent: PROJECT, state: 'ENABLED' });
    expect(await admin.ok('POST', `${name}:enable`, {})).toMatchObject({ done: true });
    const batch = await admin.ok('POST', `${PROJECT}/services:batchEnable`, {
      serviceIds: ['a.example', 'b.example'],
    });
    expect(batch.response.services).toHaveLength(2);
  });
});
