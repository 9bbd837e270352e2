import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, describe, expect, spyOn, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import type { HostedRepo } from '../../core/catalog.ts';
import type { LogField, LogFilter } from '../../core/audit-log.ts';
import type { Act } from '../../core/audit.ts';
import type { LoginPair } from '../../core/logins.ts';
import { TokenSealer } from '../../lib/sealed-token.ts';
import { fileOf, linked, planned, taggedFile } from '../../testing/contracts/repo-under-test.ts';
import { type TemporaryDatabase, temporaryDatabase } from '../../testing/temporary-database.ts';
import { MemoryBlobs } from '../blobs/memory.ts';
import { UploadSessions } from '../upload-sessions.ts';
import { AccountTables } from './account-tables.ts';
import { pruneEntries } from './audit-retention.ts';
import { pruneTagEvents } from './tag-events.ts';
import { AuditTables } from './audit-search.ts';
import type { MetadataDatabase } from './database.ts';
import { PolicyTables } from './policy-tables.ts';
import { RefreshTables } from './refresh-tables.ts';
import { StoredTokens } from './resources/account-tokens.ts';
import { StoredGroups } from './resources/groups.ts';
import { StoredTagHistory } from './resources/tag-history.ts';
import { StoredUsers } from './resources/users.ts';
import { TokenTables } from './token-tables.ts';
import { CatalogTables, FileLookups } from './catalog-tables.ts';
import { FilesByContent } from './files-by-content.ts';
import { free } from './gc-sweep.ts';
import { GarbageQueue } from './gc-tables.ts';
import { StoredTrash } from './resources/deleted-versions.ts';
import { StoredVersions } from './resources/versions.ts';
import { purgeDue } from './trash.ts';
import { StoredGarbage } from './resources/garbage.ts';
import { HostedTables } from './hosted-tables.ts';
import { RepositoryTables } from './repository-directory.ts';

let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await temporaryDatabase();
});
afterAll(() => temporary[Symbol.asyncDispose]());

const ADDRESS = { project: 'p', location: 'us', repository: 'r' };

/** Every statement that `work` has SQLite prepare, on either connection. */
async function statementsOf(work: () => Promise<void>): Promise<readonly string[]> {
  const spies = [spyOn(Database.prototype, 'prepare'), spyOn(Database.prototype, 'query')];
  try {
    await work();
    const seen = new Set(spies.flatMap(({ mock }) => mock.calls.map(([sql]) => sql)));
    return [...seen].filter((sql) => /^\s*(select|insert|update|delete|with)\b/i.test(sql));
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** The steps of a statement's plan that look at more rows than the answer has, or sort them. */
function costlySteps(sql: string): readonly string[] {
  // EXPLAIN leaves its snapshot open until it is disposed of.
  using statement = temporary.database.reading.prepare(`EXPLAIN QUERY PLAN ${sql}`);
  const steps = (statement.all() as { detail: string }[]).map(({ detail }) => detail);
  return steps
    .filter((step) => step.startsWith('SCAN ') || /TEMP B-TREE/.test(step) || /AUTOMATIC/.test(step))
    .filter((step) => !/^SCAN (json_each|CONSTANT ROW|\(subquery|ended$)/.test(step));
}

interface Row {
  readonly what: string;
  readonly work: (parts: Parts) => Promise<unknown>;
}
interface Parts {
  readonly repo: HostedRepo;
  readonly accounts: AccountTables;
  readonly tokens: TokenTables;
  readonly policies: PolicyTables;
  readonly repositories: RepositoryTables;
  readonly byContent: FilesByContent;
  readonly auditLog: AuditTables;
  readonly database: MetadataDatabase;
}
/** All repositories of a format are asked for together; there are few, and they come in the order of an index. */
const FEW = /^SCAN repository USING INDEX \S+ in SELECT [\w, ]+ FROM repository WHERE format = \?/;
/** The audit log is walked in its own order, and never further than a limit. */
const WALK =
  /^SCAN audit_entry USING (COVERING )?INDEX audit_entry_by_time in [^]* ORDER BY at (ASC|DESC), seq \2\s+LIMIT /;
/** The last hundred runs of the collector are all there are. */
const RUNS = /^SCAN (gc_run USING (COVERING )?INDEX|\d+-ROW VALUES CLAUSE) /;
/** No more than some dozens of texts wait to be indexed. */
const TEXTS = /^SCAN new_text /;
const ACT: Act = {
  id: 'act',
  at: 0,
  actor: { peer: '127.0.0.1' },
  type: 'ADMIN_WRITE',
  service: 's',
  method: 'm',
  resource: '/',
};
const page = { limit: 10, after: 'x' };
const one = { limit: 10 };
const hex = '0'.repeat(64);
const now = () => 0;
const BRIEF = { limit: 2, budgetMs: 1, elapsed: now };

const asked = (field: LogField, value: string | number) =>
  ({ kind: 'compare', field, operator: '=', value }) as const;

const pair = (hash: string): LoginPair => ({
  access: { hash, token: { id: hash, kind: 'login', of: 'cleo', family: 'f', expiresAt: 9 } },
  refresh: { hash, token: { family: 'f', account: 'cleo', loginAt: 1, expiresAt: 9 } },
});

const rows: readonly Row[] = [
  { what: 'a file by its path', work: async ({ repo }) => repo.file(fileOf('pkg', 'x')) },
  { what: 'a file by a tag', work: async ({ repo }) => repo.file(taggedFile('pkg', 'latest')) },
  { what: 'a repository', work: async ({ repositories }) => repositories.find(ADDRESS) },
  { what: 'an account', work: ({ accounts }) => accounts.find('ann') },
  { what: 'a token by its hash', work: ({ tokens }) => tokens.tokenByHash(hex) },
  { what: 'a token by its id', work: ({ tokens }) => tokens.tokenById('id') },
  { what: 'a key', work: ({ accounts }) => accounts.key('id') },
  { what: 'a policy', work: async ({ policies }) => policies.policy('projects/p') },
  { what: 'a custom role', work: async ({ policies }) => policies.customRole('projects/p/roles/r') },
  {
    what: 'places of some bytes by sha256',
    work: ({ byContent }) => byContent.holding({ algorithm: 'sha256', hex }),
  },
  {
    what: 'places of some bytes by sha512',
    work: ({ byContent }) => byContent.holding({ algorithm: 'sha512', hex }),
  },
  { what: 'a version', work: ({ repo }) => repo.version('pkg', '1') },
  {
    what: 'a page of versions',
    work: async ({ repo }) => [await repo.versions('pkg', one), await repo.versions('pkg', page)],
  },
  {
    what: 'a page of tags',
    work: async ({ repo }) => [await repo.tags('pkg', one), await repo.tags('pkg', page)],
  },
  { what: 'the tags of some versions', work: ({ repo }) => repo.tagged('pkg', ['1', '2']) },
  {
    what: 'a page of untagged versions',
    work: async ({ repo }) => [await repo.untagged('pkg', one), await repo.untagged('pkg', page)],
  },
  {
    what: 'a page of packages',
    work: async ({ repo }) => [await repo.packages('a/', one), await repo.packages('', page)],
  },
  { what: 'the folders below a name', work: ({ repo }) => repo.folders('pkg/', 10) },
  {
    what: 'what links to a version',
    work: async ({ repo }) => {
      for (const kind of ['child', 'subject'] as const)
        for (const at of [one, page]) await repo.linking('pkg', { kind, target: '1' }, at);
    },
  },
  { what: 'whether a package is there', work: ({ repo }) => repo.hasPackage('pkg') },
  {
    what: 'linking a loose file, and its lease',
    work: async ({ repo }) => {
      const file = await repo.file(await linked(repo, 'pkg', 'renewed'));
      if (file) await repo.renew(file);
    },
  },
  {
    what: 'unlinking one',
    work: async ({ repo }) => repo.unlink((await linked(repo, 'pkg', 'unlinked')).path),
  },
  {
    what: 'publishing in every way, and tagging',
    work: async ({ repo }) => {
      const { path } = await linked(repo, 'pkg', 'used');
      const more = { uses: [path], tags: ['a', 'b'], links: [{ kind: 'subject', target: '0' }] } as const;
      await repo.publish(await planned(repo, 'pkg', '1', more));
      await repo.publish(await planned(repo, 'pkg', '1', { ...more, onConflict: 'keep' }));
      await repo.publish(await planned(repo, 'pkg', '1', { ...more, onConflict: 'replace' }));
      await repo.publish(
        await planned(repo, 'pkg', '2', { links: [{ kind: 'child', target: '1' }], tags: ['a'] }),
      );
    },
  },
  {
    what: 'the history of a tag and of a package, and going back',
    work: async ({ repo, database }) => {
      const history = new StoredTagHistory(database, () => 0);
      await repo.publish(await planned(repo, 'moved', '1', { tags: ['latest'] }));
      await repo.publish(await planned(repo, 'moved', '2', { tags: ['latest'] }));
      const of = { ...ADDRESS, package: 'moved' };
      for (const after of [undefined, [9]])
        for (const tag of [undefined, 'latest'])
          await history.list({ ...of, ...(tag && { tag }) }, { limit: 3, ...(after && { after }) });
      for (const to of [{}, { version: '1' }, { asOf: Date.now() }])
        await history.rollback({ ...of, tag: 'latest' }, to, async () => undefined);
      await pruneTagEvents(database, 0);
    },
  },
  {
    what: 'amending, untagging and unpublishing',
    work: async ({ repo }) => {
      await repo.publish(await planned(repo, 'gone', '1', { tags: ['a', 'b'] }));
      await repo.amend('gone', '1', (old) => old);
      await repo.untag('gone', 'a');
      await repo.unpublish('gone', '1');
    },
  },
  {
    what: 'an account and its tokens',
    work: async ({ accounts, tokens }) => {
      await accounts.put({ id: 'ann', kind: 'user', disabled: false });
      await tokens.addToken(hex, { id: 'id', kind: 'login', of: 'ann', expiresAt: 1 });
      await tokens.removeToken('id');
      await tokens.pruneTokens(0);
      await tokens.recordUses(new Map([['id', 1]]));
    },
  },
  {
    what: 'a page of users, of groups, of the members of one and of the tokens of one',
    work: async ({ database }) => {
      const users = new StoredUsers(database, now);
      const groups = new StoredGroups(database, now);
      await users.create({ id: 'bob', displayName: '', description: '' });
      await groups.create({ id: 'devs', displayName: '', description: '' });
      await groups.addMember('devs', { kind: 'user', account: 'bob' });
      await groups.list({ ...one, after: ['a'] });
      await groups.members('devs', { ...one, after: ['a'] });
      await users.list({ ...one, after: ['a'] });
      await users.setPassword('bob', 'hash');
      await new StoredTokens(database, now).list('bob', { ...one, after: [1, 'a'] });
    },
  },
  {
    what: 'a log-in that goes on',
    work: async ({ accounts, database }) => {
      const logins = new RefreshTables(database, now);
      await accounts.put({ id: 'cleo', kind: 'user' });
      const act = { ...ACT, id: 'login' };
      await logins.beginLogin(pair('first'), act);
      await logins.renewLogin(
        'first',
        () => pair('second'),
        () => act,
      );
      await logins.renewLogin(
        'first',
        () => pair('third'),
        () => act,
      );
      await logins.revoke('second', () => act);
    },
  },
  {
    what: 'a page of the audit log, whatever it is searched by, and how long the log is',
    work: async ({ auditLog }) => {
      const filters: readonly LogFilter[] = [
        asked('insertId', 'x'),
        asked('protoPayload.resourceName', 'x'),
        asked('protoPayload.authenticationInfo.principalEmail', 'x'),
        asked('protoPayload.methodName', 'x'),
        asked('protoPayload.requestMetadata.callerIp', 'x'),
        asked('severity', 500),
        { kind: 'compare', field: 'timestamp', operator: '>=', value: 1 },
      ];
      const logs = ['activity'] as const;
      for (const scopes of [
        [{ logs }],
        [{ project: 'p', logs }],
        [
          { project: 'p', logs },
          { project: 'q', logs },
        ],
      ])
        for (const order of ['asc', 'desc'] as const)
          for (const after of [{}, { after: { at: 1, seq: 1 } }])
            for (const filter of filters) await auditLog.page({ scopes, filter, order, limit: 10, ...after });
      await auditLog.written();
    },
  },
  {
    what: 'the entries that are too old',
    work: ({ database }) => pruneEntries(database, { changes: 1, accesses: 1 }, 2),
  },
  {
    what: 'what may be deleted, in every step of it',
    work: async ({ database, repo }) => {
      const tables = new GarbageQueue(database);
      const batch = { ...BRIEF, now: Date.now() + 9e9, graceMs: 0, sweepDelayMs: 0 };
      for (const name of ['loose', 'leased', 'third']) await linked(repo, 'loose', name);
      await tables.preview(batch);
      await tables.reviewFiles({ ...batch, now: Date.now() });
      while ((await tables.reviewFiles(batch)).taken > 0);
      await tables.condemn({ ...batch, limit: 100 }, { share: 1, atLeast: 0 });
      await tables.preview(batch);
      const doomed = await tables.markDeleting({ ...batch, limit: 100 }, 1);
      for (const blob of doomed) await tables.postpone(blob, batch.now);
      await tables.unknown(doomed);
      const act = { ...ACT, id: 'garbage' };
      await tables.free(doomed, batch, act);
      await database.transaction((tx) => free(tx, doomed, batch, act));
      const garbage = new StoredGarbage(database, now);
      await garbage.request({ id: 'run', forced: true });
      const run = await tables.claimRun(0);
      if (run) await tables.endRun({ ...run, endedAt: 1 }, act);
      await tables.claimReconciliation(2, 1);
      await garbage.run('run');
      await garbage.statistics();
      await linked(repo, 'loose', 'again');
      await garbage.explain(`sha256:${new Bun.CryptoHasher('sha256').update('again').digest('hex')}`);
    },
  },
  {
    what: 'what was deleted, restored and purged',
    work: async ({ repo, database }) => {
      const { path } = await linked(repo, 'back', 'layer');
      await repo.publish(await planned(repo, 'back', 'part', {}));
      const more = { uses: [path], tags: ['a'], links: [{ kind: 'child', target: 'part' }] } as const;
      await repo.publish(await planned(repo, 'back', '1', more));
      const trash = new StoredTrash(database, now);
      for (const last of ['undelete', 'purge'] as const) {
        await repo.unpublish('back', '1');
        await trash.list({ ...ADDRESS, package: 'back' }, { limit: 1, after: [1_000_000] });
        const [newest] = (await trash.list(ADDRESS, { limit: 1 })).rows;
        const address = { ...ADDRESS, id: newest?.id ?? '' };
        await trash.get(address);
        await (last === 'purge' ? trash.purge(address) : trash.undelete(address, async () => undefined));
      }
      await database.transaction((tx) => purgeDue(tx, { ...BRIEF, now: 0, graceMs: 0, sweepDelayMs: 0 }));
    },
  },
  {
    what: 'a deletion with what belongs to it',
    work: async ({ repo, database }) => {
      await repo.publish(await planned(repo, 'family', 'part', {}));
      const links = [{ kind: 'child', target: 'part' }] as const;
      await repo.publish(await planned(repo, 'family', 'whole', { links }));
      const about = [{ kind: 'subject', target: 'whole' }] as const;
      await repo.publish(await planned(repo, 'family', 'about', { links: about }));
      const versions = new StoredVersions(database, now, 1_000);
      const address = { ...ADDRESS, package: 'family', version: 'whole' };
      const draft = { id: crypto.randomUUID(), account: '', body: () => ({}) };
      await versions.delete(address, { force: true, cascade: true }, draft);
    },
  },
  { what: 'the repositories of a format', work: ({ repositories }) => repositories.ofFormat('DOCKER') },
];

describe('SQLite finds by an index, in order and without sorting,', () => {
  test.each(rows)('$what', async ({ work }) => {
    const { database } = temporary;
    const repositories = new RepositoryTables(database, now);
    await repositories.ensureProject('p');
    const { id } = await repositories.create(ADDRESS, 'DOCKER');

    const statements = await statementsOf(async () => {
      const blobs = new MemoryBlobs();
      const uploads = new UploadSessions({
        blobs,
        sealer: new TokenSealer(randomBytes(32), 'upload'),
        now,
        ttlMs: 1,
      });
      // Made anew, so that what it prepares is seen.
      const catalog = new CatalogTables(database, new FileLookups(database), id);
      const repo = new HostedTables(
        { database, blobs, uploads, now, leaseMs: 1, trashRetention: 1_000 },
        { repositoryId: id, account: 'admin', catalog },
      );
      await work({
        repo,
        accounts: new AccountTables(database, now),
        tokens: new TokenTables(database, now),
        policies: new PolicyTables(database),
        repositories: new RepositoryTables(database, now),
        byContent: new FilesByContent(database),
        auditLog: new AuditTables(database),
        database,
      });
    });

    expect(statements).not.toEqual([]);
    const costly = statements.flatMap((sql) => costlySteps(sql).map((step) => `${step} in ${sql}`));
    const short = [FEW, WALK, RUNS, TEXTS];
    expect(costly.filter((line) => !short.some((known) => known.test(line)))).toEqual([]);
  });

  test('and the test would notice a statement that does not', () => {
    expect(costlySteps('SELECT * FROM version WHERE description = 1 ORDER BY size')).toHaveLength(2);
    expect(costlySteps('SELECT * FROM version WHERE id = 1')).toEqual([]);
  });
});
