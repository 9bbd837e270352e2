import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from '../load/oci-client.ts';
import { inParallel } from '../load/parallel.ts';
import type { Goal, Sample } from '../measure.ts';
import { askAll, combine, measuresOf, type Question } from '../questions.ts';
import { type Read, readingMeasures, readOften, SENDFILE } from '../reading.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, roundsOf, type Scenario, startAll, unlessInstalled } from '../scenario.ts';
import { seedCopies } from '../seed-copies.ts';
import { createRepository, signIn, startProcess } from '../servers/entrepot.ts';
import { startNginx } from '../servers/nginx.ts';
import {
  devpi,
  entrepotPython,
  madeWheel,
  pypiserver,
  PYTHON_REPOSITORY,
  pythonAt,
  type PythonServer,
} from '../servers/python.ts';
import { type Place, placeFor, type Running } from '../servers/server.ts';

const PROJECT = 'many-files';
const FILES = 1000;
const PROJECTS = 100_000;
const UPLOADS = 50;
const MIB = 1024 * 1024;
/** As pip asks. */
const ACCEPT =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01';

const goals: readonly Goal[] = [
  { kind: 'ratio', to: 'pypiserver', atLeast: 5 },
  { kind: 'ratio', to: 'devpi', atLeast: 5 },
];
const SIMPLE: Question = { key: 'simple', label: 'project of 1,000 files', connections: 4, goals };
const ROOT: Question = { key: 'root', label: 'root of 100,000 projects', connections: 1, goals };

export const python: Scenario = {
  name: 'python',
  title: 'Python indexes, files and uploads',
  minutes: 6,
  measures: [
    ...[SIMPLE, ROOT].flatMap(measuresOf),
    ...readingMeasures('a wheel of 8 MiB'),
    {
      key: 'upload',
      label: `uploads of ${UPLOADS} wheels one after the other`,
      unit: '/s',
      better: 'more',
      goals: [{ kind: 'ratio', to: 'devpi', atLeast: 1 }],
    },
  ],
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  const files = await withFiles(bench);
  const roots = await withRoots(bench);
  return { ...files, samples: combine(files.samples, roots) };
}

async function withFiles(bench: Bench): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const { running, missing } = await startAll<PythonServer>(stack, [
    entrepotPython(bench),
    pypiserver(bench),
    devpi(bench),
  ]);
  const count = bench.quick ? FILES / 20 : FILES;
  const root = join(bench.directory, 'files');
  await mkdir(root);
  const large = madeWheel({ name: 'large', module: Buffer.from(randomBytes(6 * MIB)).toString('base64') });
  await Bun.write(join(root, large.filename), large.bytes);
  for (const server of running) {
    await fill(bench, server, count);
    await server.upload(large.filename, large.bytes, { name: 'large' });
  }
  const simple = running.map((server) => ({
    server,
    url: `${server.simple}${PROJECT}/`,
    headers: async () => ({ accept: ACCEPT, 'accept-encoding': 'gzip', ...server.headers }),
  }));
  const indexes = await askAll(bench, [{ question: SIMPLE, of: simple }], { counted: 5, seconds: 3 });
  const nginx = await startAll<Running>(stack, [
    { name: SENDFILE, missing: unlessInstalled('nginx'), start: () => startNginx(bench, root) },
  ]);
  const contenders: Contender[] = [];
  for (const server of running) {
    const url = await server.file('large', large.filename);
    const from = { server, url, headers: server.headers };
    contenders.push(contender(bench, from, () => uploading(bench, server)));
  }
  for (const server of nginx.running)
    contenders.push(contender(bench, { server, url: `${server.url}/${large.filename}`, headers: {} }));
  const rest = await interleave(roundsOf(bench, 5), contenders, bench.say);
  return { samples: combine(indexes, rest), missing: [...missing, ...nginx.missing], notes: NOTES };
}

function contender(bench: Bench, read: Read, upload?: () => Promise<number>): Contender {
  return {
    name: read.server.name,
    async round(): Promise<Sample> {
      const sample = await readOften(read, bench.quick ? 8 : 128);
      return upload === undefined ? sample : { ...sample, upload: await upload() };
    },
  };
}

let uploaded = 0;

/** Wheels that nobody has; answers how many a second. */
async function uploading(bench: Bench, server: PythonServer): Promise<number> {
  const count = bench.quick ? UPLOADS / 10 : UPLOADS;
  const releases = Array.from({ length: count }, () => ({ name: `uploaded-${++uploaded}` }));
  const made = releases.map((release) => ({ release, ...madeWheel(release) }));
  const begun = performance.now();
  for (const { filename, bytes, release } of made) await server.upload(filename, bytes, release);
  return count / ((performance.now() - begun) / 1000);
}

const versionOf = (at: number): string => `1.${at}`;

/** A project of many files: uploaded, or put where the server looks for them. */
async function fill(bench: Bench, server: PythonServer, count: number): Promise<void> {
  const begun = performance.now();
  const all = Array.from({ length: count }, (_, at) => ({ name: PROJECT, version: versionOf(at) }));
  // One after the other: devpi fails at some of what comes at once.
  await inParallel(1, all, async (release) => {
    const { filename, bytes } = madeWheel(release);
    if (server.directory === undefined) await server.upload(filename, bytes, release);
    else await Bun.write(join(server.directory, filename), bytes);
  });
  bench.say(`  filled ${server.name} in ${Math.round((performance.now() - begun) / 1000)} s`);
}

const ONE = 'project-000000';
const name = (at: number) => `project-${String(at + 1).padStart(6, '0')}`;
const escaped = (text: string) => text.replaceAll('-', '_');

/** devpi would take hours to be filled with so many. */
async function withRoots(bench: Bench) {
  const count = bench.quick ? PROJECTS / 100 : PROJECTS;
  const place = await seededPlace(
    bench,
    (copy) => [
      [ONE, name(copy)],
      [escaped(ONE), escaped(name(copy))],
    ],
    count,
  );
  const { filename, bytes } = madeWheel({ name: ONE });
  const directory = join(bench.directory, 'roots');
  const first = join(directory, filename);
  await Bun.write(first, bytes);
  const names = Array.from({ length: count }, (_, at) => filename.replace(escaped(ONE), escaped(name(at))));
  await inParallel(16, names, (copy) => copyFile(first, join(directory, copy)));
  await using stack = new AsyncDisposableStack();
  const own = stack.use(await pythonAt(await signIn(await startProcess(place))));
  const { running } = await startAll<PythonServer>(stack, [pypiserver(bench, directory)]);
  const of = [own, ...running].map((server) => ({
    server,
    url: server.simple,
    headers: async () => ({ accept: ACCEPT, 'accept-encoding': 'gzip', ...server.headers }),
  }));
  return await askAll(bench, [{ question: ROOT, of }], { counted: 3, seconds: 8 });
}

type Renames = (copy: number) => readonly (readonly [string, string])[];

async function seededPlace(bench: Bench, renames: Renames, copies: number): Promise<Place> {
  const place = await placeFor('roots', bench);
  {
    await using started = await startProcess(place);
    const server = await signIn(started);
    await createRepository(server, PYTHON_REPOSITORY, { format: 'PYTHON' });
    const { filename, bytes } = madeWheel({ name: ONE });
    await (await pythonAt(server)).upload(filename, bytes, { name: ONE });
  }
  const begun = performance.now();
  seedCopies(join(place.directory, 'data'), { copies, of: { package: ONE }, renames });
  bench.say(`  seeded ${copies} projects in ${Math.round(performance.now() - begun)} ms`);
  return place;
}

const NOTES = [
  'Indexes are asked for as pip asks, JSON preferred and gzip accepted. pypiserver runs under gunicorn with gevent and its cache of the directory, as in its own image, and checks nobody; devpi checks uploads. Entrepot checks every request.',
  'devpi is left out of the root of 100,000 projects: to fill it would take hours.',
  'Entrepot answers an upload when it is durable; pypiserver does not sync. Files are read by a client that discards the bytes, as in the scenario of blobs.',
];
