import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { Gradle, type GradleSettings, printedSettings } from './clients/gradle.ts';
import { Identities } from './harness/identities.ts';
import { MavenRepositories } from './harness/maven-repositories.ts';
import { describeWith } from './harness/needs.ts';
import { Relay } from './harness/relay.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 600_000;
const LIBRARY = { name: 'library', version: '1.0' };
const TOOL = { name: 'tool', version: '1.0' };
const MOVING = { name: 'moving', version: '2.0-SNAPSHOT' };
/** A range, a snapshot, and what they need. */
const WANTED = ['tool:1.+', 'moving:2.0-SNAPSHOT'];

const publications = (to: GradleSettings, says: string) =>
  [LIBRARY, TOOL, MOVING].map((artifact) => ({
    to,
    artifact,
    says: `${artifact.name} ${says}`,
    ...(artifact === TOOL && { needs: 'library:1.0' }),
  }));

describeWith('gradle', Gradle.programs, () => {
  let server: Server;
  let other: Server;
  let relay: Relay;
  let space: Scratch;
  /** Of another Entrepot. */
  let upstream: GradleSettings;
  let own: GradleSettings;
  let cached: GradleSettings;
  /** Of `own` and a copy of `upstream`. */
  let front: GradleSettings;

  /** As they are printed for a service account that may read and write. */
  async function settingsOn(of: Server): Promise<(repository: string) => Promise<GradleSettings>> {
    const who = new Identities(of);
    const email = await who.serviceAccount();
    await who.grant('projects/my-project', 'roles/artifactregistry.writer', `serviceAccount:${email}`);
    const [key, token] = [await who.keyFile(email), await of.accessToken()];
    return (repository) => printedSettings(space.path, { url: of.url, token, repository, key });
  }

  beforeAll(async () => {
    space = await scratch('gradle');
    server = await startServer({ flags: ['--allow-upstream-hosts', '127.0.0.1'] });
    other = await startServer();
    relay = await Relay.to(other.host);
    const shared = await new MavenRepositories(other).standard('shared');
    await other.api('POST', 'projects/my-project/locations/us-central1/repositories/shared:setIamPolicy', {
      policy: { bindings: [{ role: 'roles/artifactregistry.reader', members: ['allUsers'] }] },
    });
    const address = new URL(shared.url);
    address.host = relay.host;
    const repositories = new MavenRepositories(server);
    await repositories.standard('own');
    await repositories.remote('cached', { uri: address.href });
    const members = [
      { repository: 'own', priority: 10 },
      { repository: 'cached', priority: 20 },
    ];
    await repositories.virtual('front', members, 'own');
    const [here, there] = [await settingsOn(server), await settingsOn(other)];
    upstream = await there('shared');
    [own, cached, front] = [await here('own'), await here('cached'), await here('front')];
  }, LIMIT_MS);

  afterAll(async () => {
    await server.stop();
    await other.stop();
    await relay[Symbol.asyncDispose]();
    await space[Symbol.asyncDispose]();
  }, LIMIT_MS);

  /** With nothing that it knows from before. */
  const fresh = (): Promise<Gradle> => Gradle.open(join(space.path, crypto.randomUUID().slice(0, 8)));

  test(
    'publishes releases and snapshots, and resolves them in all three modes',
    async () => {
      const both = [...publications(own, 'of ours'), ...publications(upstream, 'of theirs')];
      const published = await (await fresh()).publish(both);
      expect(published).toMatchObject({ code: 0 });
      const ours = ['library of ours', 'moving of ours', 'tool of ours'];
      const theirs = ['library of theirs', 'moving of theirs', 'tool of theirs'];
      expect(await (await fresh()).resolve([own, cached, front], WANTED)).toEqual([ours, theirs, ours]);

      const changed = { to: own, artifact: LIBRARY, says: 'something else' };
      const newer = { to: front, artifact: MOVING, says: 'moving on' };
      const refused = await (await fresh()).publish([changed, newer]);
      expect(refused.code).toBe(1);
      expect(refused.stdout + refused.stderr).toContain('409');

      relay.cut();
      const later = ['library of ours', 'moving on', 'tool of ours'];
      expect(await (await fresh()).resolve([own, cached, front], WANTED)).toEqual([later, theirs, later]);
    },
    LIMIT_MS,
  );
});
