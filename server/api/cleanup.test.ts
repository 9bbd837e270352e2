import { afterAll, beforeAll, describe, expect, it, test } from 'bun:test';
import { NOTHING_CLEANED } from '../core/cleanup.ts';
import type { ResourceName } from '../core/iam.ts';
import { cleanupTables } from '../stores/metadata/cleanup-tables.ts';
import { ACT } from '../testing/an-act.ts';
import { ApiCaller, type Json } from '../testing/api.ts';
import { failureOf } from '../testing/failure-of.ts';
import { TestServer } from '../testing/harness.ts';
import { type Descriptor, ImageClient, INDEX, MANIFEST } from '../testing/oci.ts';

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const DAY = 86_400_000;
/** For hundreds of requests, also on a machine that has other work. */
const MANY_MS = 60_000;
const UNTAGGED = { action: 'DELETE', condition: { tagState: 'UNTAGGED' } };
const OLD = { action: 'DELETE', condition: { tagState: 'ANY', olderThan: '864000s' } };

let repositories = 0;

/** A repository of its own with one image. */
class Place {
  readonly name: string;
  readonly id: string;
  readonly image: ImageClient;

  private constructor(id: string, name: string) {
    this.id = id;
    this.name = name;
    this.image = new ImageClient(server, `us-central1-docker/my-project/${id}/app`);
  }

  static async make(fields: object = {}): Promise<Place> {
    repositories += 1;
    const id = `cleaned-${repositories}`;
    return new Place(id, await admin.repository(id, fields));
  }

  index(tag: string, manifests: readonly Descriptor[]): Promise<Descriptor> {
    return this.image.push(tag, JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }), INDEX);
  }

  async referrer(subject: Descriptor, seed: string): Promise<Descriptor> {
    const document = await this.image.document(seed, { subject, artifactType: 'application/vnd.test' });
    return this.image.push(digest(document), document, MANIFEST);
  }

  /** A manifest without a tag. */
  async bare(seed: string): Promise<Descriptor> {
    const document = await this.image.document(seed);
    return this.image.push(digest(document), document);
  }

  version = ({ digest: version }: Descriptor): string => `${this.name}/packages/app/versions/${version}`;

  /** Every decision by version, `ACTION REASON`, and the summary. */
  async preview(
    body: object = {},
  ): Promise<{ readonly decided: Record<string, string>; readonly summary: Json }> {
    const answer = await admin.send('POST', `${this.name}:previewCleanup`, body);
    const text = await answer.text();
    expect({ status: answer.status, text }).toEqual({ status: 200, text: expect.anything() });
    const lines: readonly Json[] = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const decided = lines.flatMap(({ decision }) =>
      decision ? [[decision.version, `${decision.action} ${decision.reason}`]] : [],
    );
    return { decided: Object.fromEntries(decided), summary: lines.at(-1)?.summary };
  }

  /** Runs and waits for the end. */
  run(body: object = {}): Promise<Json> {
    return admin.cleaned(this.name, body);
  }

  async versions(): Promise<readonly string[]> {
    const { items } = await admin.pages(`${this.name}/packages/app/versions?pageSize=1000`, 'versions');
    return items.map(({ name }) => String(name)).toSorted(inOrder);
  }
}

const digest = (document: string): string =>
  `sha256:${new Bun.CryptoHasher('sha256').update(document).digest('hex')}`;

const inOrder = (a: string, b: string): number => (a < b ? -1 : 1);

const runsOf = async (place: Place): Promise<readonly Json[]> =>
  (await admin.get(`${place.name}/cleanupRuns`)).cleanupRuns ?? [];

/** As many as are asked for, in the words of the stock command line. */
const manyPolicies = (count: number): Json =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `p${at}`,
      { action: 'DELETE', condition: { olderThan: '2592000.0s', packageNamePrefixes: [`${at}`] } },
    ]),
  );

describe('cleanup', () => {
  it('says what it would do, then does it, and records both', async () => {
    const place = await Place.make({ cleanupPolicies: { untagged: UNTAGGED } });
    const [kept, loose] = [await place.image.image('v1'), await place.bare('loose')];
    const before = await place.preview();
    expect(before.decided).toEqual({
      [place.version(kept)]: 'KEEP NO_POLICY',
      [place.version(loose)]: 'DELETE DELETE_POLICY',
    });
    expect(before.summary).toMatchObject({ versionCount: '2', deletedCount: '1', keptCount: '1' });
    expect(Number(before.summary.freedBytes)).toBeGreaterThan(100);

    const dry = await place.run({ dryRun: true });
    expect(dry.response).toMatchObject({ outcome: 'DONE', dryRun: true, ...before.summary });
    expect(await place.versions()).toEqual([place.version(kept), place.version(loose)].toSorted(inOrder));

    const real = await place.run();
    expect(real.response).toMatchObject({ outcome: 'DONE', trigger: 'REQUEST', ...before.summary });
    expect(await place.versions()).toEqual([place.version(kept)]);

    const { items } = await admin.pages(`${place.name}/cleanupRuns?pageSize=1`, 'cleanupRuns');
    expect(items.map(({ name, dryRun = false }) => [name, dryRun])).toContainEqual([
      real.response.name,
      false,
    ]);
    expect(items).toHaveLength(2);
    const { decisions } = await admin.get(`${dry.response.name}/decisions`);
    expect(decisions).toMatchObject([
      { version: place.version(loose), action: 'DELETE', reason: 'DELETE_POLICY', policy: 'untagged' },
    ]);
  });

  it('keeps the parts and the signatures of what stays, and takes those of what goes', async () => {
    const place = await Place.make();
    const oldPart = await place.bare('old part');
    const oldIndex = await place.index('old', [oldPart]);
    const oldSignature = await place.referrer(oldIndex, 'old signature');
    server.clock.advance(20 * DAY);
    const part = await place.bare('new part');
    const index = await place.index('new', [part]);
    const signature = await place.referrer(index, 'new signature');

    const { decided } = await place.preview({ cleanupPolicies: { untagged: UNTAGGED, old: OLD } });
    expect(decided).toEqual({
      [place.version(oldIndex)]: 'DELETE DELETE_POLICY',
      [place.version(oldPart)]: 'DELETE PART_OF',
      [place.version(oldSignature)]: 'DELETE REFERS_TO',
      [place.version(index)]: 'KEEP NO_POLICY',
      [place.version(part)]: 'KEEP PART_OF',
      [place.version(signature)]: 'KEEP REFERS_TO',
    });
    await admin.ok('PATCH', `${place.name}?updateMask=cleanupPolicies`, { cleanupPolicies: { old: OLD } });
    expect((await place.run()).response).toMatchObject({ deletedCount: '3', keptCount: '3' });
    expect(await place.versions()).toEqual([index, part, signature].map(place.version).toSorted(inOrder));
  });

  it('keeps what immutable tags name, and says so', async () => {
    const place = await Place.make({ dockerConfig: { immutableTags: true }, cleanupPolicies: { old: OLD } });
    const [tagged, loose] = [await place.image.image('v1'), await place.bare('loose')];
    server.clock.advance(11 * DAY);
    expect((await place.preview()).decided).toEqual({
      [place.version(tagged)]: 'KEEP IMMUTABLE_TAG',
      [place.version(loose)]: 'DELETE DELETE_POLICY',
    });
    expect((await place.run()).response).toMatchObject({ deletedCount: '1', keptCount: '1' });
    expect(await place.versions()).toEqual([place.version(tagged)]);
  });

  it('keeps only the tags that patterns name where there are some', async () => {
    const dockerConfig = { immutableTags: true, immutableTagPatterns: ['v*'] };
    const place = await Place.make({ dockerConfig, cleanupPolicies: { old: OLD } });
    const [held, other] = [await place.image.image('v1'), await place.image.image('pr-1')];
    server.clock.advance(11 * DAY);
    expect((await place.preview()).decided).toEqual({
      [place.version(held)]: 'KEEP IMMUTABLE_TAG',
      [place.version(other)]: 'DELETE DELETE_POLICY',
    });
    expect((await place.run()).response).toMatchObject({ deletedCount: '1', keptCount: '1' });
  });

  it('takes tags away with what they name, and is in the audit log as what Google calls it', async () => {
    const place = await Place.make({ cleanupPolicies: { old: OLD } });
    await place.image.image('v1');
    server.clock.advance(11 * DAY);
    const { response } = await place.run();
    expect(await admin.get(`${place.name}/packages/app/tags`)).toEqual({});
    const entries = await server.database.read
      .selectFrom('audit_entry')
      .select(['method', 'code', 'details', 'response', 'subject'])
      .where('resource', '=', place.name)
      .where('method', 'like', '%BatchDeleteVersions')
      .execute();
    expect(entries).toMatchObject([{ code: 0, subject: 'user:admin' }]);
    expect(entries[0]?.details).toContain(response.name.split('/').at(-1));
    expect(JSON.parse(entries[0]?.response ?? '')).toMatchObject({ deleted: 1 });
  });

  it(
    'deletes nothing that is tagged while it runs',
    async () => {
      const place = await Place.make({ cleanupPolicies: { untagged: UNTAGGED } });
      const loose: Descriptor[] = [];
      for (let at = 0; at < 250; at += 1) loose.push(await place.bare(`loose ${at}`));
      const running = place.run();
      const saved: string[] = [];
      for (const [at, { digest: version }] of loose.toReversed().entries()) {
        const answer = await admin.send('POST', `${place.name}/packages/app/tags?tagId=t${at}`, {
          version: `${place.name}/packages/app/versions/${version}`,
        });
        if (answer.ok) saved.push(`t${at}`);
        else expect(answer.status).toBe(404);
      }
      const { response } = await running;
      for (const tag of saved) expect((await place.image.send('GET', `manifests/${tag}`)).status).toBe(200);
      expect((await place.versions()).length).toBe(saved.length);
      expect(Number(response.deletedCount) + saved.length).toBe(250);
    },
    MANY_MS,
  );
});

describe('the schedule', () => {
  it('applies policies once a day, an hour after they were set at the earliest', async () => {
    const place = await Place.make({ cleanupPolicies: { untagged: UNTAGGED } });
    await place.bare('loose');
    await server.app.cleanWhatIsDue();
    expect(await runsOf(place)).toEqual([]);
    server.clock.advance(DAY / 24);
    await server.app.cleanWhatIsDue();
    expect(await runsOf(place)).toMatchObject([{ trigger: 'SCHEDULE', outcome: 'DONE', deletedCount: '1' }]);
    server.clock.advance(DAY - 1);
    await server.app.cleanWhatIsDue();
    expect(await runsOf(place)).toHaveLength(1);
    server.clock.advance(1);
    await server.app.cleanWhatIsDue();
    expect(await runsOf(place)).toHaveLength(2);
    const { subject } = await server.database.read
      .selectFrom('audit_entry')
      .select('subject')
      .where('resource', '=', place.name)
      .where('method', 'like', '%BatchDeleteVersions')
      .executeTakeFirstOrThrow();
    expect(subject).toMatch(/^serviceAccount:service-\d+@gcp-sa-artifactregistry\./);
  });

  it('deletes nothing where only a dry run is wanted', async () => {
    const place = await Place.make({ cleanupPolicies: { untagged: UNTAGGED }, cleanupPolicyDryRun: true });
    const loose = await place.bare('loose');
    server.clock.advance(DAY);
    await server.app.cleanWhatIsDue();
    expect(await runsOf(place)).toMatchObject([{ dryRun: true, deletedCount: '1' }]);
    expect(await place.versions()).toEqual([place.version(loose)]);
  });
});

/** A run that some process began and has not ended. */
const runningAt = (place: Place, touched: number) =>
  server.database.transaction(async (tx) => {
    const { id } = await tx
      .selectFrom('repository')
      .select('id')
      .where('name', '=', place.id)
      .executeTakeFirstOrThrow();
    await tx
      .insertInto('cleanup_run')
      .values({
        id: `of-${place.id}`,
        repository_id: id,
        began_by: 'REQUEST',
        dry_run: 0,
        outcome: 'RUNNING',
        message: null,
        counts: '{"versions":0,"deleted":0,"kept":0,"skipped":0,"freedBytes":0}',
        operation: null,
        started_at: touched,
        touched_at: touched,
        ended_at: null,
      })
      .execute();
  });

const noStep = () => ({ counts: NOTHING_CLEANED, decisions: [], unlisted: 0 });

describe('a run', () => {
  it('is refused while another is on', async () => {
    const place = await Place.make({ cleanupPolicies: { untagged: UNTAGGED } });
    await runningAt(place, server.clock.now());
    expect(await admin.refused('POST', `${place.name}:runCleanup`, {})).toMatchObject({
      status: 400,
      code: 'FAILED_PRECONDITION',
      reason: 'CLEANUP_RUNNING',
    });
  });

  it.each([
    ['seconds later', 10_000],
    ['after the clock was put back', -3_600_000],
  ])('that ended with its process is noticed %s, and does not stand in the way', async (_, later) => {
    const place = await Place.make({ cleanupPolicies: { untagged: UNTAGGED } });
    await runningAt(place, server.clock.now() - later);
    expect((await place.run()).response).toMatchObject({ outcome: 'DONE' });
    expect(await admin.get(`${place.name}/cleanupRuns/of-${place.id}`)).toMatchObject({
      outcome: 'INTERRUPTED',
    });
  });

  it('whose process slept until another took its place deletes nothing more', async () => {
    const place = await Place.make({ cleanupPolicies: { keeps: { ...UNTAGGED, action: 'KEEP' } } });
    const loose = place.version(await place.bare('loose'));
    await runningAt(place, server.clock.now());
    const store = cleanupTables(server.database, server.clock.now);
    const target = await store.target({
      project: 'my-project',
      location: 'us-central1',
      repository: place.id,
    });
    const [packages] = await Array.fromAsync(store.packages(target.repositoryId));
    const [versions] = await Array.fromAsync(store.versions(packages?.[0]?.id ?? 0));
    const details = await store.details(versions?.map(({ id }) => id) ?? []);
    expect(details).toHaveLength(1);

    server.clock.advance(60_000);
    expect((await place.run()).response).toMatchObject({ outcome: 'DONE', deletedCount: '0' });
    const removal = { repositoryId: target.repositoryId, package: 'app', versions: details, step: noStep };
    const act = { ...ACT, id: crypto.randomUUID() };
    const removing = store.remove(`of-${place.id}`, removal, { act });
    expect(await failureOf(removing)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await place.versions()).toEqual([loose]);
  });

  it('that says it is on stands in the way for as long as it says so', async () => {
    const place = await Place.make({ cleanupPolicies: { untagged: UNTAGGED } });
    await runningAt(place, server.clock.now());
    const store = cleanupTables(server.database, server.clock.now);
    for (let seconds = 0; seconds < 60; seconds += 8) {
      server.clock.advance(8_000);
      await store.renew(`of-${place.id}`);
    }
    server.clock.advance(8_000);
    expect(await admin.refused('POST', `${place.name}:runCleanup`, {})).toMatchObject({
      reason: 'CLEANUP_RUNNING',
    });
  });

  it('is of its own repository only', async () => {
    const [one, other] = [await Place.make({ cleanupPolicies: { untagged: UNTAGGED } }), await Place.make()];
    const { response } = await one.run();
    const id = response.name.split('/').at(-1);
    for (const path of [`cleanupRuns/${id}`, `cleanupRuns/${id}/decisions`, 'cleanupRuns/nothing'])
      expect(await admin.refused('GET', `${other.name}/${path}`)).toMatchObject({ status: 404 });
  });
});

describe('warnings', () => {
  const keeping = { action: 'KEEP', mostRecentVersions: { keepCount: 5 } };
  const all = { action: 'DELETE', condition: { tagState: 'ANY' } };
  const rows: readonly (readonly [string, object, string | null])[] = [
    ['policies that only keep', { keeping }, 'nothing is ever deleted'],
    ['a policy that deletes everything', { all }, 'cleanup policy all deletes every version'],
    [
      'the same in more words',
      { all: { action: 'DELETE', condition: { tagState: 'ANY', olderThan: '0s' } } },
      'every',
    ],
    ['the same with something kept', { all, keeping }, null],
    ['a policy that deletes some', { OLD }, null],
    ['one that keeps everything', { OLD, all: { ...all, action: 'KEEP' } }, 'all keeps every version'],
    ['one that keeps the newest of everything', { OLD, keeping }, null],
    [
      'an asterisk in a prefix, which is none of a pattern',
      { OLD, releases: { action: 'KEEP', condition: { tagState: 'TAGGED', tagPrefixes: ['v*'] } } },
      'releases asks for names that begin with v\\*, asterisk and all',
    ],
    [
      'one among the newest',
      { OLD, some: { action: 'KEEP', mostRecentVersions: { packageNamePrefixes: ['*'], keepCount: 1 } } },
      'some asks for names that begin with \\*',
    ],
    ['no policies', {}, null],
  ];
  test.each(rows)('are told of %s', async (_, cleanupPolicies, warning) => {
    const place = await Place.make();
    const told = await admin.send('PATCH', `${place.name}?updateMask=cleanup_policies`, { cleanupPolicies });
    expect(told.status).toBe(200);
    const header = told.headers.get('warning');
    if (warning === null) expect(header).toBeNull();
    else expect(header).toMatch(new RegExp(`^299 - ".*${warning}.*"$`));

    const other = { description: 'something else' };
    const untold = await admin.send('PATCH', `${place.name}?updateMask=description`, other);
    expect(untold.headers.get('warning')).toBeNull();
    await untold.text();
  });
});

describe('policies that cannot be meant', () => {
  const rows: readonly (readonly [string, Json, string])[] = [
    ['an unknown field', { action: 'DELETE', condition: { olderThen: '1s' } }, 'Unknown name "olderThen"'],
    ['a bad duration', { action: 'DELETE', condition: { olderThan: '30d' } }, 'Invalid value'],
    ['a negative duration', { action: 'DELETE', condition: { olderThan: '-1s' } }, 'negative age'],
    ['an empty condition', { action: 'DELETE', condition: {} }, 'missing a condition'],
    ['a condition of nothing', { action: 'DELETE', condition: { tagPrefixes: [] } }, 'missing a condition'],
    ['an unspecified condition', { action: 'DELETE', condition: { tagState: 0 } }, 'missing a condition'],
    ['an empty prefix', { action: 'DELETE', condition: { versionNamePrefixes: [''] } }, 'empty prefix'],
    [
      'an age that nothing has',
      { action: 'DELETE', condition: { olderThan: '86400s', newerThan: '3600s' } },
      'matches nothing',
    ],
    [
      'a pull that nothing had',
      { action: 'DELETE', condition: { notPulledFor: '86400s', pulledWithin: '3600s' } },
      'matches nothing',
    ],
    [
      'prefixes of no tags',
      { action: 'KEEP', condition: { tagState: 'UNTAGGED', tagPrefixes: ['v'] } },
      'no untagged version',
    ],
    ['a count to delete', { action: 'DELETE', mostRecentVersions: { keepCount: 1 } }, 'only KEEP'],
    ['a count of nothing', { action: 'KEEP', mostRecentVersions: {} }, 'keep_count'],
  ];
  test.each(rows)('are refused: %s', async (_, policy, words) => {
    const place = await Place.make();
    const cleanupPolicies = { p: policy };
    for (const [method, path] of [
      ['PATCH', `${place.name}?updateMask=cleanupPolicies`],
      ['POST', `${place.name}:previewCleanup`],
    ] as const) {
      const refusal = await admin.refused(method, path, { cleanupPolicies });
      expect(refusal).toMatchObject({ status: 400, code: 'INVALID_ARGUMENT' });
      expect(refusal.message).toContain(words);
    }
    expect((await admin.get(place.name)).cleanupPolicies).toBeUndefined();
  });

  it('are refused beyond ten, and durations of the stock command line are read', async () => {
    const place = await Place.make();
    const body = { cleanupPolicies: manyPolicies(11) };
    expect((await admin.refused('POST', `${place.name}:previewCleanup`, body)).message).toContain(
      'at most 10',
    );
    expect((await place.preview({ cleanupPolicies: manyPolicies(10) })).summary).toMatchObject({
      versionCount: '0',
    });
  });
});

describe('rights', () => {
  const rows: readonly (readonly [string, number, number])[] = [
    ['artifactregistry.reader', 200, 403],
    ['artifactregistry.writer', 200, 403],
    ['artifactregistry.repoAdmin', 200, 403],
    ['artifactregistry.admin', 200, 200],
  ];
  test.each(rows)('%s may preview: %i, and run: %i', async (role, preview, run) => {
    const place = await Place.make();
    const as = await server.account(`cleans-as-${role}`);
    await server.grant(place.name as ResourceName, `roles/${role}`, `user:cleans-as-${role}`);
    const status = async (method: string) => {
      const answer = await new ApiCaller(server, as).send('POST', `${place.name}:${method}`, {});
      await answer.text();
      return answer.status;
    };
    expect([await status('previewCleanup'), await status('runCleanup')]).toEqual([preview, run]);
  });

  it('for a part of a repository are not enough', async () => {
    const place = await Place.make();
    const as = await server.account('cleans-a-part');
    const only = `resource.name.startsWith("${place.name}/packages/app")`;
    await server.grantIf(
      place.name as ResourceName,
      'roles/artifactregistry.admin',
      'user:cleans-a-part',
      only,
    );
    for (const method of ['previewCleanup', 'runCleanup'])
      expect(await new ApiCaller(server, as).refused('POST', `${place.name}:${method}`, {})).toMatchObject({
        status: 403,
      });
  });
});
