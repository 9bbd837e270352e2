import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ApiCaller, IMAGES, type Json, PROJECT, refusalOf } from '../testing/api.ts';
import { ALL_TYPES, configOf, setAuditConfigs } from '../testing/audit.ts';
import { type Send, TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
/** May read the activity of my-project; everything of it; activity everywhere. */
let viewer: string;
let auditor: string;
let stranger: string;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
  viewer = await server.account('viewer');
  await server.grant(PROJECT, 'roles/logging.viewer', 'user:viewer');
  auditor = await server.account('auditor');
  await server.grant(PROJECT, 'roles/logging.privateLogViewer', 'user:auditor');
  stranger = await server.account('stranger');
  await setAuditConfigs(server, PROJECT, [configOf(ALL_TYPES)]);
  for (const name of ['one', 'two', 'three']) {
    await admin.repository(name);
    server.clock.advance(1_000);
  }
  await (await server.send('GET', '/v2/us-central1-docker/my-project/images/x/tags/list')).text();
  await admin.ok('POST', 'projects', { projectId: 'other-project', name: 'Other' });
  await server.app.flushAudit();
  await setAuditConfigs(server, PROJECT, []);
});
afterAll(() => server[Symbol.asyncDispose]());

const post = (body: object, send: Send = {}) =>
  server.send('POST', '/v2/entries:list', {
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    ...send,
  });
const list = async (body: object, as?: string): Promise<Json> => {
  const answer = await post({ resourceNames: [PROJECT], ...body }, as === undefined ? {} : { as });
  const text = await answer.text();
  expect({ status: answer.status, text }).toEqual({ status: 200, text: expect.any(String) });
  return JSON.parse(text);
};
const methods = ({ entries = [] }: Json): readonly string[] =>
  entries.map(({ protoPayload }: Json) => protoPayload.methodName.split('.').at(-1));
const CREATED = ['CreateRepository', 'CreateRepository', 'CreateRepository'];
const created = { filter: 'protoPayload.methodName:CreateRepository' };

const resources = ({ entries }: Json) =>
  entries.map(({ protoPayload }: Json) => protoPayload.resourceName.split('/').at(-1));

describe('entries:list', () => {
  test('answers entries of a project, oldest first, and the newest first when that is asked', async () => {
    expect(resources(await list(created))).toEqual(['one', 'two', 'three']);
    expect(resources(await list({ ...created, orderBy: 'timestamp desc' }))).toEqual(['three', 'two', 'one']);
  });

  test('answers them page by page, while more are written', async () => {
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await list({ ...created, orderBy: 'timestamp desc', pageSize: 1, pageToken });
      seen.push(...(page.entries ?? []).map(({ insertId }: Json) => insertId));
      pageToken = page.nextPageToken ?? '';
      await server.send('POST', `/v1/${IMAGES}?x`, { body: '{}' });
    } while (pageToken !== '');
    const all = await list({ ...created, orderBy: 'timestamp desc' });
    expect(seen).toEqual(all.entries.map(({ insertId }: Json) => insertId));
  });

  test('shows data accesses to those with the right to private logs only, and says nothing to others', async () => {
    const data = { filter: 'log_id("cloudaudit.googleapis.com/data_access")' };
    expect(methods(await list(data, auditor))).toEqual(['Docker-GetTags']);
    expect(await list(data, viewer)).toEqual({});
    expect(methods(await list(created, viewer))).toEqual(CREATED);
    expect(
      methods(await list({ filter: 'NOT insertId="" OR insertId:*', pageSize: 1000 }, viewer)),
    ).not.toContain('Docker-GetTags');
  });

  test('answers for the installation what is done anywhere in it', async () => {
    const everywhere = { resourceNames: ['organizations/entrepot'], filter: 'severity<=NOTICE' };
    const found = methods(await list(everywhere));
    expect(found).toEqual(expect.arrayContaining([...CREATED, 'CreateProject', 'IssueToken']));
    const own = `${everywhere.filter} logName:"organizations/entrepot/logs/"`;
    expect(new Set(methods(await list({ ...everywhere, filter: own })))).toEqual(new Set(['IssueToken']));
    const both = { resourceNames: [PROJECT, 'projects/other-project'] };
    expect(methods(await list(both))).toEqual(expect.arrayContaining([...CREATED, 'CreateProject']));
  });

  test.each([
    ['a stranger', PROJECT, () => stranger],
    ['the viewer of one project, of another', 'projects/other-project', () => viewer],
    ['the viewer of one project, of all', 'organizations/entrepot', () => viewer],
    ['the viewer, of a project that is not there', 'projects/absent', () => viewer],
  ])('refuses %s', async (_, name, as) => {
    const refused = await refusalOf(await post({ resourceNames: [PROJECT, name] }, { as: as() }));
    expect(refused).toMatchObject({ status: 403, reason: 'IAM_PERMISSION_DENIED' });
  });

  test.each([
    [{}, 'resource_names'],
    [{ resourceNames: [] }, 'resource_names'],
    [{ resourceNames: ['folders/1'] }, 'resource_names'],
    [{ resourceNames: [`${PROJECT}/../x`] }, 'resource_names'],
    [{ resourceNames: Array.from({ length: 101 }, () => PROJECT) }, 'resource_names'],
    [{ resourceNames: [PROJECT], filter: 'textPayload:x' }, 'filter'],
    [{ resourceNames: [PROJECT], filter: "insertId='x') OR (1=1" }, 'filter'],
    [{ resourceNames: [PROJECT], orderBy: 'severity' }, 'order_by'],
    [{ resourceNames: [PROJECT], pageSize: -1 }, 'page_size'],
    [{ resourceNames: [PROJECT], pageToken: 'x.y' }, 'page_token'],
  ])('refuses %j', async (body, field) => {
    expect(await refusalOf(await post(body))).toMatchObject({ status: 400, field });
  });

  test('refuses a token of another question, and of somebody else', async () => {
    const { nextPageToken: pageToken } = await list({ pageSize: 1 });
    const other = await post({ resourceNames: [PROJECT], ...created, pageToken });
    expect(await refusalOf(other)).toMatchObject({ status: 400, field: 'page_token' });
    const theirs = await post({ resourceNames: [PROJECT], pageToken }, { as: auditor });
    expect(await refusalOf(theirs)).toMatchObject({ status: 400, field: 'page_token' });
  });

  test('is asked who it is without a credential, and is at no other path of the registry', async () => {
    expect((await post({ resourceNames: [PROJECT] }, { as: null })).status).toBe(401);
    expect((await server.send('GET', '/v2/entries:list')).status).toBe(405);
    const near = await server.send('POST', '/v2/entries:lists', { body: '{}' });
    expect({ status: near.status, version: near.headers.get('docker-distribution-api-version') }).toEqual({
      status: 404,
      version: 'registry/2.0',
    });
  });

  test.each([
    "insertId=\"x' OR '1'='1\"",
    'protoPayload.resourceName:"%"',
    'protoPayload.resourceName:"_____"',
    String.raw`protoPayload.methodName="\"); DELETE FROM audit_entry; --"`,
  ])('takes %s for a text and nothing else', async (filter) => {
    expect(await list({ filter })).toEqual({});
  });
});

const read = async (query: Record<string, string> = {}, place = PROJECT, as?: string) => {
  const path = `/v1/${place}/auditLogs:export?${new URLSearchParams(query).toString()}`;
  const answer = await server.send('GET', path, as === undefined ? {} : { as });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  const text = await answer.text();
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line): Json => JSON.parse(line));
};

describe('auditLogs:export', () => {
  test('sends what a list answers, one entry to a line', async () => {
    const { entries } = await list(created);
    expect(await read(created)).toEqual(entries);
    expect(await read({ filter: 'insertId=nothing' })).toEqual([]);
  });

  test('goes on after the last entry that arrived', async () => {
    const [first, ...rest] = await read(created);
    expect(await read({ ...created, afterTime: first.timestamp, afterId: first.insertId })).toEqual(rest);
    // An entry that was meanwhile dropped: from its instant on.
    expect(await read({ ...created, afterTime: first.timestamp, afterId: 'gone' })).toEqual([first, ...rest]);
  });

  test('shows what a list would show, and to the same callers', async () => {
    const ofViewer = await read({}, PROJECT, viewer);
    expect(ofViewer.some(({ logName }) => logName.endsWith('data_access'))).toBe(false);
    const ofAuditor = await read({}, PROJECT, auditor);
    expect(ofAuditor.some(({ logName }) => logName.endsWith('data_access'))).toBe(true);
    expect((await read({}, 'organizations/entrepot')).length).toBeGreaterThan(ofAuditor.length);
    for (const place of [PROJECT, 'organizations/entrepot'])
      expect((await server.send('GET', `/v1/${place}/auditLogs:export`, { as: stranger })).status).toBe(403);
  });

  test('goes through a log that is longer than what it holds at a time', async () => {
    for (let time = 0; time < 1_200; time += 1)
      await server.send('DELETE', `/v1/${PROJECT}/locations/us-central1/repositories/absent-${time}`);
    await server.app.flushAudit();
    const entries = await read({ filter: 'protoPayload.methodName:DeleteRepository severity=ERROR' });
    expect(new Set(entries.map(({ insertId }) => insertId)).size).toBe(1_200);
  });

  test.each([
    [{ afterId: 'x' }, 'after_time'],
    [{ afterTime: '2026-99-99T00:00:00Z' }, 'after_time'],
    [{ filter: 'nonsense' }, 'filter'],
  ])('refuses %j', async (query, field) => {
    const path = `/v1/${PROJECT}/auditLogs:export?${new URLSearchParams(query).toString()}`;
    expect(await refusalOf(await server.send('GET', path))).toMatchObject({ status: 400, field });
  });
});
