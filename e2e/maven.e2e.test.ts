import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { type MavenRepository, Mvn } from './clients/mvn.ts';
import { MavenRepositories } from './harness/maven-repositories.ts';
import { damaging } from './harness/damaging.ts';
import { describeWith } from './harness/needs.ts';
import { Relay } from './harness/relay.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;
const LIBRARY = { name: 'library', version: '1.0' };
const SNAPSHOT = { name: 'moving', version: '2.0-SNAPSHOT' };

describeWith('mvn', [...Mvn.programs, 'unzip'], () => {
  let server: Server;
  let other: Server;
  let repositories: MavenRepositories;
  let space: Scratch;
  let own: MavenRepository;
  /** Of another Entrepot. */
  let upstream: MavenRepository;

  beforeAll(async () => {
    space = await scratch('maven');
    server = await startServer({ flags: ['--allow-upstream-hosts', '127.0.0.1'] });
    other = await startServer();
    repositories = new MavenRepositories(server);
    own = await repositories.standard('own');
    upstream = await new MavenRepositories(other).standard('shared');
    await other.api('POST', 'projects/my-project/locations/us-central1/repositories/shared:setIamPolicy', {
      policy: { bindings: [{ role: 'roles/artifactregistry.reader', members: ['allUsers'] }] },
    });
  }, LIMIT_MS);

  afterAll(async () => {
    await server.stop();
    await other.stop();
    await space[Symbol.asyncDispose]();
  }, LIMIT_MS);

  const check = (says: string, body: () => Promise<void>): void => test(says, body, LIMIT_MS);
  /** With nothing that it knows from before. */
  const fresh = (repository: MavenRepository): Promise<Mvn> =>
    Mvn.open(join(space.path, crypto.randomUUID().slice(0, 8)), repository);

  check('deploys a release once, and fetches it', async () => {
    await (await fresh(own)).deploy(LIBRARY);
    await (await fresh(own)).deploy(LIBRARY);
    const refused = await (await fresh(own)).deploy(LIBRARY, 'second').then(() => 'deployed', String);
    expect(refused).toContain('409 Conflict');
    expect(await (await fresh(own)).get(LIBRARY)).toBe('first');
  });

  check('deploys a snapshot again and again, and fetches the newest', async () => {
    await (await fresh(own)).deploy(SNAPSHOT, 'older');
    await (await fresh(own)).deploy(SNAPSHOT, 'newer');
    expect(await (await fresh(own)).get(SNAPSHOT)).toBe('newer');
  });

  check('is told of a jar that changed on its way', async () => {
    await using way = damaging('.jar', other.host);
    const address = new URL(upstream.url);
    address.host = way.host;
    const client = await fresh({ ...upstream, url: address.href });
    const refused = await client.deploy({ name: 'damaged' }).then(() => 'deployed', String);
    expect(refused).toContain('damaged:pom:1.0');
    expect(refused).toContain('400 Bad Request');
  });

  check('deploys in parallel without losing a version', async () => {
    const versions = ['1.0', '1.1', '1.2', '1.3'];
    await Promise.all(
      versions.map(async (version) => (await fresh(own)).deploy({ name: 'parallel', version })),
    );
    const { url, username, password } = own;
    const answer = await fetch(`${url}com/acme/parallel/maven-metadata.xml`, {
      headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
    });
    const listed = Array.from(
      (await answer.text()).matchAll(/<version>(.*)<\/version>/g),
      ([, each]) => each,
    );
    expect(listed).toEqual(versions);
  });

  check('fetches through a cache cold, warm, and with the upstream cut', async () => {
    const published = { name: 'cached', version: '1.0' };
    const moving = { name: 'cached-moving', version: '1.0-SNAPSHOT' };
    for (const each of [published, moving]) await (await fresh(upstream)).deploy(each);
    await using relay = await Relay.to(other.host);
    const address = new URL(upstream.url);
    address.host = relay.host;
    const cache = await repositories.remote('cached', { uri: address.href });
    for (const way of ['cold', 'warm', 'cut']) {
      if (way === 'cut') relay.cut();
      for (const each of [published, moving]) expect(await (await fresh(cache)).get(each)).toBe('first');
    }
  });

  check('meets its own artifacts before those of others behind one address', async () => {
    const both = { name: 'in-both', version: '1.0' };
    const theirs = { name: 'theirs', version: '3.0' };
    await (await fresh(upstream)).deploy(both, 'not ours');
    await (await fresh(upstream)).deploy(theirs, 'theirs');
    await (await fresh(own)).deploy(both, 'ours');
    await repositories.remote('behind', { uri: upstream.url });
    const members = [
      { repository: 'behind', priority: 200 },
      { repository: 'own', priority: 100 },
    ];
    const front = await repositories.virtual('front', members, 'own');
    expect(await (await fresh(front)).get(both)).toBe('ours');
    expect(await (await fresh(front)).get(theirs)).toBe('theirs');
    await (await fresh(front)).deploy({ name: 'through-one-address' });
    expect(await (await fresh(front)).get({ name: 'through-one-address' })).toBe('first');
  });
});
