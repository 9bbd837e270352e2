import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, type Json } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const KEY = 'projects/p/locations/us/keyRings/r/cryptoKeys/k';
const KEEP = { id: 'keep', action: 'KEEP', mostRecentVersions: { keepCount: 5 } };
const DROP = { id: 'drop', action: 'DELETE', condition: { tagState: 'ANY', olderThan: '86400s' } };

/** What every row starts from. */
const BEFORE = {
  format: 'DOCKER',
  mode: 'STANDARD_REPOSITORY',
  description: 'before',
  labels: { a: '1', b: '2' },
  kmsKeyName: KEY,
  dockerConfig: { immutableTags: true },
  cleanupPolicies: { keep: KEEP, drop: DROP },
  cleanupPolicyDryRun: true,
  vulnerabilityScanningConfig: { enablementConfig: 'INHERITED' },
  platformLogsConfig: { loggingState: 'ENABLED', severityLevel: 'INFO' },
};
const SCANNED = { ...BEFORE.vulnerabilityScanningConfig, enablementState: 'SCANNING_DISABLED' };

let made = 0;
async function fresh(): Promise<string> {
  made += 1;
  return admin.repository(`r${made}`, BEFORE);
}

/** The fields that clients set, without what every repository has. */
function settings(repository: Json): Json {
  const own = new Set(['name', 'createTime', 'updateTime', 'registryUri']);
  return Object.fromEntries(Object.entries(repository).filter(([field]) => !own.has(field)));
}

type Row = readonly [says: string, mask: string | undefined, body: Json, changed: Json];

describe('changing a repository', () => {
  const rows: readonly Row[] = [
    ['one field', 'description', { description: 'after', labels: { x: 'y' } }, { description: 'after' }],
    [
      'several fields',
      'description,labels',
      { description: 'after', labels: { c: '3' } },
      { description: 'after', labels: { c: '3' } },
    ],
    [
      'spaces in the mask',
      ' description , labels ',
      { description: 'after', labels: { c: '3' } },
      { description: 'after', labels: { c: '3' } },
    ],
    ['a named and absent field: it is reset', 'description', {}, { description: undefined }],
    ['a named and absent map: it is reset', 'labels', {}, { labels: undefined }],
    ['a named and absent message: it is reset', 'dockerConfig', {}, { dockerConfig: undefined }],
    [
      'a field in snake case',
      'cleanup_policy_dry_run',
      { cleanupPolicyDryRun: false },
      { cleanupPolicyDryRun: undefined },
    ],
    [
      'a field of a message',
      'dockerConfig.immutableTags',
      { dockerConfig: { immutableTags: false } },
      { dockerConfig: { immutableTags: false } },
    ],
    ['the same in snake case', 'docker_config.immutable_tags', { docker_config: {} }, { dockerConfig: {} }],
    ['one key of a map', 'labels.a', { labels: { a: '9', b: '9' } }, { labels: { b: '2', a: '9' } }],
    ['a key of a map that is taken away', 'labels.a', { labels: {} }, { labels: { b: '2' } }],
    ['a key of a map in back-ticks', 'labels.`b`', { labels: { b: '9' } }, { labels: { a: '1', b: '9' } }],
    ['one policy', 'cleanupPolicies.drop', {}, { cleanupPolicies: { keep: KEEP } }],
    [
      'all policies',
      'cleanupPolicies',
      { cleanupPolicies: { x: { action: 'keep', condition: { tagState: 'any' } } } },
      { cleanupPolicies: { x: { id: 'x', action: 'KEEP', condition: { tagState: 'ANY' } } } },
    ],
    [
      'a field of a message and not its neighbour',
      'platformLogsConfig.severityLevel',
      { platformLogsConfig: { loggingState: 'DISABLED', severityLevel: 'ERROR' } },
      { platformLogsConfig: { loggingState: 'ENABLED', severityLevel: 'ERROR' } },
    ],
    [
      'Terraform’s scanning mask',
      'vulnerabilityScanningConfig.enablementConfig',
      { vulnerabilityScanningConfig: { enablementConfig: 'DISABLED' } },
      { vulnerabilityScanningConfig: { enablementConfig: 'DISABLED', enablementState: 'SCANNING_DISABLED' } },
    ],
    ['what the server says itself: nothing', 'name,updateTime,sizeBytes,registryUri', { sizeBytes: '7' }, {}],
    [
      'an immutable field to what it is',
      'format,mode,kmsKeyName',
      { format: 'docker', mode: 1, kmsKeyName: KEY },
      {},
    ],
    [
      'hidden fields of the stock command line: nothing',
      'networkConfig,sbomConfig',
      { networkConfig: {} },
      {},
    ],
  ];
  it.each(rows)('with a mask of %s', async (_, mask, body, changed) => {
    const name = await fresh();
    const answer = await admin.ok('PATCH', `${name}?updateMask=${encodeURIComponent(mask ?? '')}`, body);
    const wanted = JSON.parse(
      JSON.stringify({ ...BEFORE, vulnerabilityScanningConfig: SCANNED, ...changed }),
    );
    expect(settings(answer)).toEqual(wanted);
    expect(await admin.get(name)).toEqual(answer);
  });

  const whole: readonly Row[] = [
    ['no mask', undefined, {}, {}],
    ['an empty mask', '', {}, {}],
    ['a star', '*', {}, {}],
  ];
  it.each(whole)('with %s replaces everything that can be changed', async (_, mask) => {
    const name = await fresh();
    const query = mask === undefined ? '' : `?update_mask=${mask}`;
    const answer = await admin.ok('PATCH', `${name}${query}`, { description: 'only this' });
    expect(settings(answer)).toEqual({
      format: 'DOCKER',
      mode: 'STANDARD_REPOSITORY',
      kmsKeyName: KEY,
      description: 'only this',
    });
  });

  it('without a mask takes a whole repository that was read before, as the stock command line sends it', async () => {
    const name = await fresh();
    const { [`cleanupPolicies`]: policies, ...rest } = await admin.get(name);
    const answer = await admin.ok('PATCH', name, { ...rest, cleanupPolicies: { keep: policies.keep } });
    expect(settings(answer)).toEqual({
      ...BEFORE,
      cleanupPolicies: { keep: KEEP },
      vulnerabilityScanningConfig: SCANNED,
    });
  });

  it('takes the mask in snake case too', async () => {
    const name = await fresh();
    const answer = await admin.ok('PATCH', `${name}?update_mask=description`, { description: 'snake' });
    expect(answer.description).toBe('snake');
  });

  it('moves the time of its last change and is news', async () => {
    const name = await fresh();
    server.clock.advance(1500);
    const answer = await admin.ok('PATCH', `${name}?updateMask=description`, { description: 'later' });
    expect(Date.parse(answer.updateTime) - Date.parse(answer.createTime)).toBe(1500);
    const news = await server.database.read
      .selectFrom('outbox')
      .select('name')
      .orderBy('id', 'desc')
      .limit(1)
      .execute();
    expect(news).toEqual([{ name: 'repository.updated' }]);
  });

  const refused: readonly (readonly [says: string, mask: string | undefined, body: Json, words: string])[] = [
    ['an unknown field', 'colour', {}, 'there is no field "colour"'],
    ['an unknown field of a message', 'dockerConfig.colour', {}, 'there is no field "dockerConfig.colour"'],
    ['a field of a plain value', 'description.x', {}, '"description" has no fields of its own'],
    ['a field of one policy', 'cleanupPolicies.keep.action', {}, 'changed as a whole'],
    ['a broken path', 'labels..a', {}, 'is not a field path'],
    ['a field that everything inherits', 'constructor', {}, 'there is no field "constructor"'],
    ['a format', 'format', { format: 'NPM' }, 'field format cannot be changed'],
    ['a mode', 'mode', { mode: 'REMOTE_REPOSITORY' }, 'field mode cannot be changed'],
    ['a key that is taken away', 'kmsKeyName', {}, 'field kmsKeyName cannot be changed'],
    ['a format without a mask', undefined, { format: 'MAVEN' }, 'field format cannot be changed'],
    [
      'a setting of another format',
      'mavenConfig.versionPolicy',
      { mavenConfig: { versionPolicy: 'RELEASE' } },
      'mavenConfig.versionPolicy cannot be changed',
    ],
    [
      'an upstream',
      'virtualRepositoryConfig',
      { virtualRepositoryConfig: { upstreamPolicies: [] } },
      'has no virtualRepositoryConfig',
    ],
    ['labels that are none', 'labels', { labels: { 'not valid': '' } }, 'label not valid is not valid'],
    ['a policy that is none', 'cleanupPolicies', { cleanupPolicies: { p: {} } }, 'policy p needs an action'],
  ];
  it.each(refused)('refuses %s and changes nothing', async (_, mask, body, words) => {
    const name = await fresh();
    const before = await admin.get(name);
    const query = mask === undefined ? '' : `?updateMask=${encodeURIComponent(mask)}`;
    const refusal = await admin.refused('PATCH', `${name}${query}`, body);
    expect(refusal).toMatchObject({
      status: 400,
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(words),
    });
    expect(await admin.get(name)).toEqual(before);
  });

  it('needs a repository', async () => {
    expect(
      await admin.refused('PATCH', 'projects/my-project/locations/us/repositories/none', {}),
    ).toMatchObject({
      status: 404,
    });
  });
});
