import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Artifact, jarOf, pathOf } from '../../server/testing/maven.ts';
import { randomBytes, succeed } from '../load/oci-client.ts';
import { type Sample, SELF } from '../measure.ts';
import { askAll, combine, measuresOf, type Question } from '../questions.ts';
import { readingMeasures, readOften, SENDFILE } from '../reading.ts';
import { interleave } from '../rounds.ts';
import { type Bench, type Outcome, roundsOf, type Scenario, startAll, unlessInstalled } from '../scenario.ts';
import { seedCopies } from '../seed-copies.ts';
import { createRepository, entrepotMissing, signIn, startProcess } from '../servers/entrepot.ts';
import { deploy, MAVEN_REPOSITORY, mavenAt, type MavenServer, metadataPath } from '../servers/maven.ts';
import { startNginx } from '../servers/nginx.ts';
import { type Place, placeFor, type Running } from '../servers/server.ts';

const GROWN: Artifact = { name: 'grown', version: '1.77.777' };
const LARGE: Artifact = { name: 'large', version: '1.0.0' };
const VERSIONS = 5000;
const DEPLOYS = 20;
const METADATA: Question = {
  key: 'metadata',
  label: 'maven-metadata.xml of 5,000 versions',
  connections: 4,
};

export const maven: Scenario = {
  name: 'maven',
  title: 'Maven metadata, files and deploying',
  minutes: 3,
  measures: [
    ...measuresOf(METADATA),
    ...readingMeasures('a jar of 8 MiB'),
    { key: 'deploy', label: `deploying ${DEPLOYS} artifacts, a jar and a POM`, unit: '/s', better: 'more' },
  ],
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  const gone = entrepotMissing();
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: SELF, reason: gone }], notes: NOTES };
  const place = await filledPlace(bench);
  await using stack = new AsyncDisposableStack();
  const own = mavenAt(stack.use(await signIn(await startProcess(place))));
  const root = join(bench.directory, 'files');
  await fillDirectory(own, root);
  const missing = unlessInstalled('nginx');
  const files = await startAll<Running>(stack, [
    { name: SENDFILE, missing, start: () => startNginx(bench, root) },
    { name: 'nginx dav', missing, start: () => startNginx(bench, root, { dav: true }) },
  ]);
  const peers = files.running.map((server): MavenServer => ({
    ...server,
    repository: `${server.url}/`,
    headers: {},
  }));
  const readers = [own, ...peers.filter(({ name }) => name === SENDFILE)];
  const of = readers.map((server) => ({
    server,
    url: server.repository + metadataPath(GROWN),
    headers: async () => server.headers,
  }));
  const asked = await askAll(bench, [{ question: METADATA, of }], { counted: 5, seconds: 3 });
  const reads = readers.map((server) => ({
    name: server.name,
    round: () =>
      readOften(
        { server, url: server.repository + pathOf(LARGE), headers: server.headers },
        bench.quick ? 8 : 128,
      ),
  }));
  const read = await interleave(roundsOf(bench, 5), reads, bench.say);
  const deploys = [own, ...peers.filter(({ name }) => name !== SENDFILE)].map((server) => ({
    name: server.name,
    round: () => deploying(bench, server),
  }));
  const deployed = await interleave(roundsOf(bench, 5), deploys, bench.say);
  return { samples: combine(combine(asked, read), deployed), missing: files.missing, notes: NOTES };
}

/** An artifact of many versions, and one that is large. */
async function filledPlace(bench: Bench): Promise<Place> {
  const place = await placeFor('entrepot', bench);
  {
    await using started = await startProcess(place);
    const registry = await signIn(started);
    await createRepository(registry, MAVEN_REPOSITORY, { format: 'MAVEN' });
    const server = mavenAt(registry);
    await deploy(server, GROWN);
    const data = { name: 'data.bin', content: Buffer.from(randomBytes(6 * 1024 * 1024)).toString('base64') };
    await deploy(server, LARGE, jarOf([data]));
  }
  seedCopies(join(place.directory, 'data'), {
    copies: bench.quick ? VERSIONS / 50 : VERSIONS,
    of: { package: 'com.acme:grown', version: '1.77.777' },
    renames: (copy) => [['1.77.777', `1.0.${copy}`]],
  });
  return place;
}

/** What nginx serves is what Entrepot answered. */
async function fillDirectory({ repository, headers }: MavenServer, root: string): Promise<void> {
  for (const path of [metadataPath(GROWN), pathOf(LARGE)]) {
    const answer = await succeed(new URL(repository + path), { headers });
    await mkdir(dirname(join(root, path)), { recursive: true });
    await Bun.write(join(root, path), await answer.arrayBuffer());
  }
}

async function deploying(bench: Bench, server: MavenServer): Promise<Sample> {
  const count = bench.quick ? DEPLOYS / 10 : DEPLOYS;
  const round = crypto.randomUUID().slice(0, 8);
  const begun = performance.now();
  for (let at = 0; at < count; at += 1) await deploy(server, { name: `deployed-${round}-${at}` });
  return { deploy: count / ((performance.now() - begun) / 1000) };
}

const NOTES = [
  'nginx stands in for a Maven repository server, none of which can be installed from where Maven itself installs: it serves the same bytes as files, makes no metadata, checks nobody, and answers a PUT before anything is synced. It is the limit and no peer, so no ratio is asked for on metadata.',
];
