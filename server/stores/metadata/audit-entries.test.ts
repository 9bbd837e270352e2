import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { CompiledQuery } from 'kysely';
import { type Act, DONE, type Outcome, UNFINISHED } from '../../core/audit.ts';
import { ACT } from '../../testing/an-act.ts';
import type { Json } from '../../testing/api.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { recordEntry } from './audit-entries.ts';
import { audited } from './audited.ts';
import { pruneEntries } from './audit-retention.ts';
import { AuditTables } from './audit-search.ts';
import type { Recorded } from './transactions.ts';

let temporary: TemporaryDatabase;
beforeEach(async () => {
  temporary = await temporaryDatabase();
});
afterEach(() => temporary[Symbol.asyncDispose]());

const FAILED: Outcome = { code: 9, message: 'it was in use' };

const record = (act: Act, outcome: Outcome): Promise<void> =>
  temporary.database.transaction((tx) => recordEntry(tx, act, outcome));
const entries = async () => {
  const log = new AuditTables(temporary.database);
  const scopes = [{ logs: ['activity', 'data_access'] }] as const;
  return (await log.page({ scopes, order: 'asc', limit: 100 })).entries;
};
const only = async () => {
  const [entry, ...others] = await entries();
  expect(others).toEqual([]);
  if (!entry) throw new Error('there is no entry');
  return entry;
};
const payload = async (): Promise<Json> => (await only())['protoPayload'];

describe('an entry', () => {
  test('is what Cloud Logging shows of an audit log', async () => {
    await record({ ...ACT, request: { tagId: 'v1' } }, { ...DONE, response: { moved: true } });

    expect(await only()).toEqual({
      logName: 'projects/p/logs/cloudaudit.googleapis.com%2Factivity',
      insertId: 'an-act',
      timestamp: '1970-01-01T00:00:01.000Z',
      severity: 'NOTICE',
      resource: {
        type: 'audited_resource',
        labels: { service: 'artifactregistry.googleapis.com', method: 'CreateTag', project_id: 'p' },
      },
      protoPayload: {
        '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
        serviceName: 'artifactregistry.googleapis.com',
        methodName: 'CreateTag',
        resourceName: 'projects/p/locations/us/repositories/r',
        authenticationInfo: { principalEmail: 'ann', principalSubject: 'user:ann', tokenId: 'token-1' },
        authorizationInfo: [
          {
            resource: 'projects/p/locations/us/repositories/r',
            permission: 'artifactregistry.tags.create',
            granted: true,
          },
        ],
        requestMetadata: {
          callerIp: '10.0.0.7',
          callerSuppliedUserAgent: 'docker/28',
          requestAttributes: { time: '1970-01-01T00:00:01.000Z' },
        },
        request: { tagId: 'v1' },
        response: { moved: true },
        status: {},
      },
    });
  });

  test.each([
    ['a change of a project', {}, DONE, 'NOTICE', 'projects/p/logs/cloudaudit.googleapis.com%2Factivity'],
    [
      'a read',
      { type: 'DATA_READ' },
      DONE,
      'INFO',
      'projects/p/logs/cloudaudit.googleapis.com%2Fdata_access',
    ],
    ['a failure', {}, FAILED, 'ERROR', 'projects/p/logs/cloudaudit.googleapis.com%2Factivity'],
    [
      'one of the installation',
      { resource: '/' },
      UNFINISHED,
      'WARNING',
      'organizations/entrepot/logs/cloudaudit.googleapis.com%2Factivity',
    ],
    [
      'one whose project its name does not say',
      { resource: 'projects/-/serviceAccounts/x', project: 'q' },
      DONE,
      'NOTICE',
      'projects/q/logs/cloudaudit.googleapis.com%2Factivity',
    ],
  ] as const)('of %s says so', async (_, act, outcome, severity, logName) => {
    await record({ ...ACT, ...act }, outcome);
    expect(await only()).toMatchObject({ severity, logName });
  });
});

describe('the values of an entry', () => {
  test('have no character that ends a line, drives a terminal or turns the direction of a text', async () => {
    const evil = 'a\r\nb\u001b[31m\u0000\u2028\u202e\u0085\ud800c';
    const text = String.raw`a\u000d\u000ab\u001b[31m\u0000\u2028\u202e\u0085\ud800c`;

    await record(
      {
        ...ACT,
        actor: { member: `user:${evil}`, peer: evil, userAgent: evil },
        resource: `projects/p/${evil}`,
        request: { [evil]: [evil] },
      },
      { code: 3, message: evil },
    );

    expect(await payload()).toMatchObject({
      resourceName: `projects/p/${text}`,
      authenticationInfo: { principalEmail: text, principalSubject: `user:${text}` },
      requestMetadata: { callerIp: text, callerSuppliedUserAgent: text },
      request: { [text]: [text] },
      status: { code: 3, message: text },
    });
  });

  test('are no secrets, by their field or by their looks', async () => {
    const jwt = `eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(40)}.${'b'.repeat(40)}`;
    const secrets = {
      password: 'hunter2',
      newPassword: 'hunter2',
      nested: [{ privateKeyData: 'hunter2', private_key: 'hunter2', subject_token: 'hunter2' }],
      credentials: { username: 'hunter2' },
      named: `ent_${'h'.repeat(30)} hunter2`.replace('hunter2', ''),
      jwt,
      pem: '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----',
    };
    await record({ ...ACT, request: secrets, resource: `projects/p/${jwt}` }, { code: 3, message: jwt });

    const text = JSON.stringify(await only());
    expect(text).not.toMatch(/hunter2|hhhh|aaaa|bbbb/);
    expect(text).toContain('"password":"[redacted]"');
  });

  test('are of bounded length, and say where they were cut', async () => {
    const long = 'x'.repeat(100_000);
    await record(
      {
        ...ACT,
        actor: { member: `user:${long}`, peer: long, userAgent: long },
        resource: long,
        request: { text: long, many: Array.from({ length: 500 }, () => 'y'), deep: deep(40) },
      },
      { code: 3, message: long },
    );
    const { requestMetadata, request } = await payload();

    const agent = requestMetadata.callerSuppliedUserAgent as string;
    expect([agent.length, agent.slice(-14)]).toEqual([256, 'x…[truncated]'.padStart(14, 'x')]);
    expect(JSON.stringify(request).length).toBeLessThan(8192);
    expect(JSON.stringify(request)).toContain('400 more …[truncated]');
    expect(JSON.stringify(await only()).length).toBeLessThan(20_000);
  });

  test('and a request of many short ones is cut as a whole', async () => {
    const request = Object.fromEntries(
      Array.from({ length: 90 }, (_, at) => [`field ${at}`, 'z'.repeat(900)]),
    );
    await record({ ...ACT, request }, DONE);

    const { request: kept } = await payload();
    expect(kept).toMatchObject({ truncated: true, beginning: expect.stringMatching(/^\{"field 0":"zzz/) });
    expect(JSON.stringify(kept).length).toBeLessThan(16_384);
  });
});

const deep = (levels: number): unknown => (levels === 0 ? 'end' : { down: deep(levels - 1) });

const outcomes = async (steps: readonly Recorded[], act = ACT) => {
  const database = audited(temporary.database, act);
  for (const step of steps)
    await database.transaction(
      async () => undefined,
      () => step,
    );
  const { status, response } = await payload();
  return response === undefined ? { status } : { status, response };
};

describe('an act', () => {
  test('is unfinished until its last step', async () => {
    expect(await outcomes([{ part: 'step' }, { part: 'step' }])).toEqual({
      status: { code: 2, message: UNFINISHED.message },
    });
  });

  test('is done with it, and says what came of it', async () => {
    expect(await outcomes([{ part: 'step' }, { response: { failed: ['x'] } }])).toEqual({
      status: {},
      response: { failed: ['x'] },
    });
  });

  test('that only gives bytes a name is done with that, and one that publishes is not', async () => {
    expect(await outcomes([{ part: 'naming' }])).toEqual({ status: {} });
    const { database } = temporary;
    await audited(database, { ...ACT, id: 'b', publishes: true }).transaction(
      async () => undefined,
      () => ({ part: 'naming' }),
    );
    expect((await entries()).map(({ severity }) => severity)).toEqual(['NOTICE', 'WARNING']);
  });

  test('that failed after a commit is recorded as a failure, whatever is said later', async () => {
    await record(ACT, DONE);
    await record(ACT, FAILED);
    await record(ACT, DONE);
    await record(ACT, UNFINISHED);
    expect(await payload()).toMatchObject({ status: FAILED });
  });

  test('leaves nothing when its transaction does not commit', async () => {
    const failing = audited(temporary.database, ACT).transaction(() => Promise.reject(new Error('no')));
    expect(await failing.catch(String)).toBe('Error: no');
    expect(await entries()).toEqual([]);
  });
});

/** What a change that somebody makes by hand is told. */
const told = (statement: string): Promise<string> =>
  temporary.database
    .transaction((tx) => tx.executeQuery(CompiledQuery.raw(statement)))
    .then(() => 'done', String);

describe('the log', () => {
  test.each(
    [
      'id',
      'at',
      'seq',
      'project',
      'log',
      'service',
      'method',
      'resource',
      'email',
      'subject',
      'peer',
      'details',
    ].map((column) => [column] as const),
  )('takes no other %s for an entry', async (column) => {
    await record(ACT, UNFINISHED);
    const before = await only();
    expect(await told(`UPDATE audit_entry SET ${column} = ${column}`)).toContain('are not changed');
    expect(await only()).toEqual(before);
  });

  test.each([
    ['done', 'unfinished', DONE, 2],
    ['failed', 'done', FAILED, 0],
    ['failed', 'failed otherwise', FAILED, 5],
  ])('takes no outcome back: not from %s to %s', async (_from, _to, outcome, code) => {
    await record(ACT, outcome);
    expect(await told(`UPDATE audit_entry SET code = ${code}`)).toContain('are not changed');
  });

  test('lets nothing go but what its retention does not keep', async () => {
    await record(ACT, DONE);
    await record({ ...ACT, id: 'later', at: 2_000 }, DONE);
    await record({ ...ACT, id: 'read', type: 'DATA_READ' }, DONE);
    expect(await told('DELETE FROM audit_entry')).toContain('are kept');

    await record({ ...ACT, id: 'push', type: 'DATA_WRITE', lasting: true }, DONE);

    const keep = { changes: 10_000, accesses: 10_000 };
    expect(await pruneEntries(temporary.database, keep, 11_000)).toBe(0);
    expect(await pruneEntries(temporary.database, { ...keep, accesses: 9_999 }, 11_000)).toBe(1);
    expect(await pruneEntries(temporary.database, keep, 11_001)).toBe(2);

    expect((await entries()).map(({ insertId }) => insertId)).toEqual(['later']);
    expect(await told('DELETE FROM audit_entry')).toContain('are kept');
  });
});
