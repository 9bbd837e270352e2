import { afterAll, beforeAll, expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import { join } from 'node:path';
import { FakeUpstream } from '../server/testing/fake-upstream.ts';
import { NpmShelf } from '../server/testing/upstream-npm.ts';
import { berry } from './clients/berry.ts';
import { bun } from './clients/bun.ts';
import type { NpmRegistry } from './clients/npm-client.ts';
import { openNpm } from './clients/npm-walk.ts';
import { npm as npmKind } from './clients/npm.ts';
import { npmHome, npmrc } from './clients/npmrc.ts';
import { pnpm } from './clients/pnpm.ts';
import { writePackage, writeProject } from './fixtures/npm-package.ts';
import { describeWith } from './harness/needs.ts';
import { NpmRepositories } from './harness/npm-repositories.ts';
import { attempt, type Finished, nodeProgram, succeed } from './harness/run.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;
const NPM = nodeProgram('npm');
const BULK = '/-/npm/v1/security/advisories/bulk';
const ADVISORY = {
  id: 1_000_001,
  url: 'https://advisories.example/1000001',
  title: 'Pads more than it is asked to',
  severity: 'high',
  vulnerable_versions: '<2.0.0',
  cwe: [],
  cvss: { score: 0, vectorString: null },
};

let server: Server;
let space: Scratch;
let upstream: FakeUpstream;
let all: NpmRegistry;
/** Depends on a package of the upstream that is known to be vulnerable, and on one that was published here. */
let project: string;

beforeAll(async () => {
  space = await scratch('npm-audit');
  upstream = await FakeUpstream.start();
  await new NpmShelf(upstream).publish({ name: 'left', version: '1.0.0' });
  upstream.put(BULK, { body: JSON.stringify({ left: [ADVISORY] }) });
  server = await startServer({ flags: ['--allow-upstream-hosts', '127.0.0.1'] });
  const repositories = new NpmRepositories(server);
  const own = await repositories.standard('own');
  await repositories.remote('behind', { uri: upstream.url });
  const members = [
    { repository: 'behind', priority: 100 },
    { repository: 'own', priority: 200 },
  ];
  all = await repositories.virtual('all', members);
  const folder = await writePackage(space, { name: '@acme/own', version: '1.0.0' });
  await npm(own, folder, ['publish'], succeed);
  project = await writeProject(space, { left: '1.0.0', '@acme/own': '1.0.0' });
  await npm(all, project, ['install'], succeed);
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await upstream[Symbol.asyncDispose]();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

async function npm(
  registry: NpmRegistry,
  cwd: string,
  args: readonly string[],
  how = attempt,
): Promise<Finished> {
  const env = await npmHome(join(space.path, crypto.randomUUID()), npmrc(registry));
  return how([NPM, ...args], { env, cwd });
}

const forwarding = (forwardAudits: boolean): Promise<unknown> =>
  server.api(
    'PATCH',
    'projects/my-project/locations/us-central1/repositories/behind?updateMask=remoteRepositoryConfig.forwardAudits',
    { remoteRepositoryConfig: { forwardAudits } },
  );

describeWith('npm audit', [NPM], () => {
  test(
    'reports nothing, and says that nothing is known, until the upstream may be told what is installed',
    async () => {
      await forwarding(false);
      upstream.forget();
      const { code, stdout, stderr } = await npm(all, project, ['audit']);
      expect([code, stdout + stderr]).toEqual([
        0,
        expect.stringContaining('does not know of vulnerabilities'),
      ]);
      expect(upstream.asked(BULK)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'reports what the upstream knows, which is told nothing of names that were published here',
    async () => {
      await forwarding(true);
      upstream.forget();
      const { code, stdout } = await npm(all, project, ['audit']);
      expect([code, stdout]).toEqual([1, expect.stringContaining(ADVISORY.title)]);
      const told = upstream.asked(BULK).map(({ body }) => gunzipSync(body).toString());
      expect(told).toEqual(['{"left":["1.0.0"]}']);
    },
    LIMIT_MS,
  );
});

for (const kind of [npmKind, pnpm, berry, bun])
  describeWith(kind.name, kind.programs, () => {
    test(
      'shows what the upstream knows',
      async () => {
        await forwarding(true);
        const client = await openNpm({ kind, space }, all);
        const own = await writeProject(space, { left: '1.0.0', '@acme/own': '1.0.0' });
        await client.install(own);
        upstream.forget();
        const audited = client.audit?.(own).catch((error: unknown) => String(error));
        expect(await audited).toContain(ADVISORY.title);
        const told = upstream.asked(/security/).map(({ body }) => gunzipSync(body).toString());
        expect(told.join()).toContain('left');
        expect(told.join()).not.toMatch(/acme/);
      },
      LIMIT_MS,
    );
  });
