import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ApiCaller, IMAGES, type Json, LOCATION, PROJECT } from '../testing/api.ts';
import { AuditReader } from '../testing/audit.ts';
import { TestServer } from '../testing/harness.ts';
import { type Descriptor, ImageClient, INDEX } from '../testing/oci.ts';

const WEEK_MS = 7 * 86_400_000;

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start(['--trash-retention', '7d']);
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

let made = 0;

/** An image of its own, and what was deleted of it. */
class Image {
  readonly repository: string;
  readonly id: string;
  readonly name: string;
  readonly client: ImageClient;

  constructor(repository = 'images') {
    made += 1;
    this.id = `app${made}`;
    this.repository = repository;
    this.name = `${LOCATION}/repositories/${repository}/packages/${this.id}`;
    this.client = new ImageClient(server, `us-central1-docker/my-project/${repository}/${this.id}`);
  }

  version = ({ digest }: Descriptor): string => `${this.name}/versions/${digest}`;
  index = (tag: string, ...parts: readonly Descriptor[]): Promise<Descriptor> =>
    this.client.push(tag, JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: parts }), INDEX);
  /** Something that refers to an image, under a tag or, by default, none. */
  async about(subject: Descriptor, tag?: string): Promise<Descriptor> {
    const body = { ...JSON.parse(await this.client.document(`about ${subject.digest} ${tag}`)), subject };
    const document = JSON.stringify(body);
    const digest = `sha256:${new Bun.CryptoHasher('sha256').update(document).digest('hex')}`;
    return this.client.push(tag ?? digest, document);
  }
  delete = (of: Descriptor, query = 'force=true'): Promise<Json> =>
    admin.ok('DELETE', `${this.version(of)}?${query}`);
  async deleted(): Promise<readonly Json[]> {
    const path = `${LOCATION}/repositories/${this.repository}/deletedVersions?package=${this.id}`;
    return (await admin.get(path)).deletedVersions ?? [];
  }
  async undelete(of: Descriptor): Promise<Json> {
    const entry = (await this.deleted()).find(({ version }) => version === this.version(of));
    return admin.ok('POST', `${entry?.name}:undelete`, {});
  }
  async tags(): Promise<readonly string[]> {
    const { tags = [] } = await admin.get(`${this.name}/tags`);
    return tags.map((tag: Json) => `${tag.name.split('/').at(-1)}=${tag.version.split('/').at(-1)}`);
  }
  async isThere({ digest }: Descriptor): Promise<boolean> {
    return (await this.client.send('GET', `manifests/${digest}`)).status === 200;
  }
}

describe('a deleted version', () => {
  test('says what it was, who deleted it, and until when it can be had back', async () => {
    const app = new Image();
    const a = await app.client.image('a');
    await app.delete(a);

    const now = server.clock.now();
    const [entry, ...others] = await app.deleted();

    expect(others).toEqual([]);
    expect(entry).toEqual({
      name: expect.stringMatching(new RegExp(`^${IMAGES}/deletedVersions/\\d+$`)),
      version: app.version(a),
      tags: [`${app.name}/tags/a`],
      sizeBytes: expect.stringMatching(/^\d+$/),
      createTime: expect.any(String),
      deleteTime: new Date(now).toISOString(),
      purgeTime: new Date(now + WEEK_MS).toISOString(),
      member: 'user:admin',
    });
    expect(await admin.get(entry.name)).toEqual(entry);
  });

  test('comes back with its tags that are free', async () => {
    const app = new Image();
    const a = await app.client.image('a');
    await app.client.push('moved', await app.client.document('a'));
    await app.delete(a);
    const other = await app.client.image('moved', 'another');

    const answer = await app.undelete(a);

    expect(answer).toEqual({
      versions: [app.version(a)],
      tags: [`${app.name}/tags/a`],
      takenTags: [`${app.name}/tags/moved`],
    });
    expect(await app.tags()).toEqual([`a=${a.digest}`, `moved=${other.digest}`]);
    expect(await app.deleted()).toEqual([]);
  });

  test('is deleted so by every way that clients have, and by a cleanup policy', async () => {
    const app = new Image();
    const [a, b, c] = [await app.client.image('a'), await app.client.image('b'), await app.client.image('c')];
    await app.client.send('DELETE', `manifests/${a.digest}`);
    await admin.ok('POST', `${app.name}/versions:batchDelete`, { names: [app.version(b)] });
    await admin.ok('PATCH', `${IMAGES}?updateMask=cleanupPolicies`, {
      cleanupPolicies: {
        all: { action: 'DELETE', condition: { tagState: 'ANY', packageNamePrefixes: [app.id] } },
      },
    });
    await admin.cleaned(IMAGES);
    await admin.ok('PATCH', `${IMAGES}?updateMask=cleanupPolicies`, {});

    const entries = await app.deleted();
    expect(entries.map(({ version }) => version)).toEqual([c, b, a].map(app.version));
    expect(entries.map(({ member }) => member)).toEqual(['user:admin', 'user:admin', 'user:admin']);
  });

  test('that was pushed again is not put in its place', async () => {
    const app = new Image();
    const a = await app.client.image('a');
    await app.delete(a);
    const [entry] = await app.deleted();
    await app.client.image('a');

    expect(await admin.refused('POST', `${entry.name}:undelete`, {})).toMatchObject({
      status: 409,
      reason: 'VERSION_EXISTS',
    });
  });

  test('comes back with its parts, and what was deleted with it', async () => {
    const app = new Image();
    const [a, b] = [await app.client.image('a'), await app.client.image('b')];
    const all = await app.index('all', a, b);
    const signature = await app.about(all);
    for (const tag of ['a', 'b']) await admin.ok('DELETE', `${app.name}/tags/${tag}`);
    await app.delete(all, 'force=true&cascade=true');
    expect(await app.deleted()).toHaveLength(4);

    const { versions } = await app.undelete(all);

    expect(versions[0]).toBe(app.version(all));
    expect(new Set(versions)).toEqual(new Set([a, b, all, signature].map(app.version)));
    expect(await app.deleted()).toEqual([]);
    const referrers = await (await app.client.send('GET', `referrers/${all.digest}`)).json();
    expect(referrers).toMatchObject({ manifests: [{ digest: signature.digest }] });
  });

  test('is refused when a part of it is gone', async () => {
    const app = new Image();
    const a = await app.client.image('a');
    const all = await app.index('all', a);
    await app.delete(all);
    await app.delete(a, 'force=true&permanently=true');
    const [entry] = await app.deleted();

    const refusal = await admin.refused('POST', `${entry.name}:undelete`, {});

    expect(refusal).toMatchObject({ status: 400, code: 'FAILED_PRECONDITION', reason: 'PART_GONE' });
    expect(refusal.message).toContain(a.digest);
  });

  test('is refused when its content is lost', async () => {
    const app = new Image();
    const a = await app.client.image('a');
    await app.delete(a);
    await server.database.transaction((tx) =>
      tx.updateTable('blob').set({ state: 'missing' }).where('digest', '=', a.digest).execute(),
    );
    const [entry] = await app.deleted();

    expect(await admin.refused('POST', `${entry.name}:undelete`, {})).toMatchObject({
      reason: 'CONTENT_GONE',
    });
    // The same bytes again, under another name, bring it back.
    const other = new Image();
    await other.client.image('a');
    await app.undelete(a);
    expect(await app.isThere(a)).toBe(true);
  });

  test('is purged by hand, and for good', async () => {
    const app = new Image();
    const a = await app.client.image('a');
    await app.delete(a);
    const [entry] = await app.deleted();

    await admin.ok('DELETE', entry.name);

    expect(await app.deleted()).toEqual([]);
    expect(await admin.refused('GET', entry.name)).toMatchObject({ status: 404 });
    expect(await admin.refused('POST', `${entry.name}:undelete`, {})).toMatchObject({ status: 404 });
  });

  test('is why its content is kept', async () => {
    const app = new Image();
    const a = await app.client.image('a', 'kept by the trash');
    await app.delete(a);

    const { summary, references } = await admin.get(`blobs/${a.digest}:explain`);

    expect(summary).toContain('was deleted and can be restored');
    expect(references).toMatchObject([
      { package: app.id, versions: [a.digest], purgeTime: expect.any(String) },
    ]);
  });

  test('is in the audit log, coming and going', async () => {
    const app = new Image();
    const a = await app.client.image('a');
    const log = await AuditReader.from(server);
    await app.delete(a);
    await app.undelete(a);
    await app.delete(a);
    const [entry] = await app.deleted();
    await admin.ok('DELETE', entry.name);

    expect((await log.recorded()).map(({ method }) => method)).toEqual([
      'DeleteVersion',
      'UndeleteVersion',
      'DeleteVersion',
      'PurgeVersion',
    ]);
  });
});

describe('where there is no trash', () => {
  test('a repository that says so deletes at once, and one may keep things longer', async () => {
    await admin.repository('at-once', { trashRetention: '0s' });
    await admin.repository('long', { trashRetention: '2592000s' });
    const [gone, kept] = [new Image('at-once'), new Image('long')];
    await gone.delete(await gone.client.image('a'));
    await kept.delete(await kept.client.image('a'));

    expect(await gone.deleted()).toEqual([]);
    const [{ purgeTime }] = (await kept.deleted()) as readonly [Json];
    expect(Date.parse(purgeTime)).toBe(server.clock.now() + 2_592_000_000);
    expect(await admin.get(`${LOCATION}/repositories/long`)).toMatchObject({ trashRetention: '2592000s' });
  });

  test('nothing of a deletion for good is kept, of a version or a package', async () => {
    const app = new Image();
    const a = await app.client.image('a');
    await app.client.image('b');
    await app.delete(a, 'force=true&permanently=true');
    await admin.ok('DELETE', `${app.name}?permanently=true`);

    expect(await app.deleted()).toEqual([]);
  });

  test.each([
    ['-1s', {}],
    ['31536001s', {}],
    ['3600s', { mode: 'VIRTUAL_REPOSITORY' }],
  ])('a retention of %s with %j is refused', async (trashRetention, more) => {
    const body = { format: 'DOCKER', trashRetention, ...more };
    const refusal = await admin.refused('POST', `${LOCATION}/repositories?repositoryId=wrong`, body);
    expect(refusal).toMatchObject({ status: 400, field: 'repository.trash_retention' });
  });
});

describe('whoever may', () => {
  test('delete may see the trash, restoring needs the right to upload too, and purging one of its own', async () => {
    const app = new Image();
    const a = await app.client.image('a');
    await app.delete(a);
    const [entry] = await app.deleted();
    const b = await app.client.image('b');
    const roles = ['reader', 'writer', 'repoAdmin'] as const;
    const answers: (readonly [string, ...number[]])[] = [];
    for (const role of roles) {
      const as = await server.account(`trash-${role}`);
      await server.grant(IMAGES, `roles/artifactregistry.${role}`, `user:trash-${role}`);
      const caller = new ApiCaller(server, as);
      answers.push([
        role,
        (await caller.send('GET', `${IMAGES}/deletedVersions`)).status,
        (await caller.send('DELETE', entry.name)).status,
        (await caller.send('DELETE', `${app.version(b)}?force=true&permanently=true`)).status,
        (await caller.send('DELETE', `${app.name}?permanently=true`)).status,
        (await caller.send('POST', `${entry.name}:undelete`, {})).status,
      ]);
    }
    expect(answers).toEqual([
      ['reader', 403, 403, 403, 403, 403],
      ['writer', 403, 403, 403, 403, 403],
      ['repoAdmin', 200, 403, 403, 403, 200],
    ]);
  });

  test('delete some packages sees what was deleted of those', async () => {
    const [mine, others] = [new Image(), new Image()];
    await mine.delete(await mine.client.image('a'));
    await others.delete(await others.client.image('a'));
    const as = await server.account('some-trash');
    const own = `resource.package == "${mine.id}"`;
    await server.grantIf(IMAGES, 'roles/artifactregistry.repoAdmin', 'user:some-trash', own);
    const caller = new ApiCaller(server, as);

    const { deletedVersions } = await caller.get(`${IMAGES}/deletedVersions`);

    expect(deletedVersions).toEqual(await mine.deleted());
    const [hidden] = await others.deleted();
    expect(await caller.refused('GET', hidden.name)).toMatchObject({ status: 403 });
    expect(await caller.refused('GET', `${IMAGES}/deletedVersions/999999`)).toMatchObject({ status: 403 });
  });
});

const shown = (lines: readonly Json[] = []) =>
  lines.map(({ version, reason }) => `${reason} ${version.split('/').at(-1)}`).sort();

describe('a cascade', () => {
  test('takes along untagged parts of nothing else and what refers to what goes, and says so before', async () => {
    const app = new Image();
    const [a, b, shared] = [
      await app.client.image('a'),
      await app.client.image('b'),
      await app.client.image('shared'),
    ];
    const all = await app.index('all', a, b, shared);
    const other = await app.index('other', shared);
    const signature = await app.about(a);
    const sbom = await app.about(signature);
    const cosign = await app.client.image(`${all.digest.replace(':', '-')}.sig`, 'a signature by its tag');
    for (const tag of ['a', 'shared']) await admin.ok('DELETE', `${app.name}/tags/${tag}`);
    const query = 'force=true&cascade=true';

    const { metadata: planned } = await app.delete(all, `${query}&validateOnly=true`);

    expect(planned.validateOnly).toBe(true);
    expect(shown(planned.deleted)).toEqual(
      [
        `REQUESTED ${all.digest}`,
        `PART_OF ${a.digest}`,
        `REFERS_TO ${signature.digest}`,
        `REFERS_TO ${sbom.digest}`,
        `REFERS_TO ${cosign.digest}`,
      ].sort(),
    );
    expect(shown(planned.kept)).toEqual([`PART_OF ${shared.digest}`, `TAGGED ${b.digest}`].sort());
    expect(await app.isThere(all)).toBe(true);

    const { metadata: done } = await app.delete(all, query);

    expect([shown(done.deleted), shown(done.kept)]).toEqual([shown(planned.deleted), shown(planned.kept)]);
    for (const gone of [all, a, signature, sbom, cosign]) expect(await app.isThere(gone)).toBe(false);
    for (const left of [b, shared, other]) expect(await app.isThere(left)).toBe(true);
  });

  test('is refused as a deletion is: for tags, and inside an index', async () => {
    const app = new Image();
    const a = await app.client.image('a');
    const all = await app.index('all', a);

    for (const more of ['', '&validateOnly=true']) {
      expect(await admin.refused('DELETE', `${app.version(all)}?cascade=true${more}`)).toMatchObject({
        reason: 'VERSION_TAGGED',
      });
      expect(await admin.refused('DELETE', `${app.version(a)}?cascade=true&force=true${more}`)).toMatchObject(
        {
          reason: 'HAS_PARENT',
        },
      );
    }
  });

  test('leaves what an immutable tag names', async () => {
    await admin.repository('frozen', { dockerConfig: { immutableTags: true, immutableTagPatterns: ['v*'] } });
    const app = new Image('frozen');
    const a = await app.client.image('a');
    const signature = await app.about(a, 'v1');

    const { metadata } = await app.delete(a, 'force=true&cascade=true');

    expect(shown(metadata.kept)).toEqual([`IMMUTABLE_TAG ${signature.digest}`]);
    expect(await app.isThere(signature)).toBe(true);
  });

  test('takes nothing where the caller may not delete all of it', async () => {
    const app = new Image();
    const a = await app.client.image('a');
    const signature = await app.about(a);
    const as = await server.account('half');
    const not = `!has(resource.version) || resource.version != "${signature.digest}"`;
    await server.grantIf(PROJECT, 'roles/artifactregistry.repoAdmin', 'user:half', not);

    const refusal = await new ApiCaller(server, as).refused(
      'DELETE',
      `${app.version(a)}?force=true&cascade=true`,
    );

    expect(refusal).toMatchObject({ status: 403 });
    expect([await app.isThere(a), await app.isThere(signature)]).toEqual([true, true]);
  });
});
