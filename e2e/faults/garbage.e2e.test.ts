import { afterEach, beforeEach, expect, test } from 'bun:test';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../harness/free-port.ts';
import { encodeJson } from '../harness/oci.ts';
import { type Scratch, scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';
import { CLEANED, POLICIES, Pusher, PUSHERS, Replacer } from './garbage-clients.ts';
import { entrepot, Program } from './program.ts';
import { Registry } from './registry.ts';
import { randomFrom } from './traffic.ts';

/** Seconds of each soak, such as 600; without it there is a short one. */
const LONG = process.env['ENTREPOT_SOAK_SECONDS'];
const SOAK_MS = Number(LONG ?? 6) * 1000;
const LIMIT_MS = SOAK_MS + 300_000;
const LATER = [Bun.fileURLToPath(import.meta.resolve('./later-server.ts'))];
/** Of trash, collection and cleanup, in times that a short soak has. */
const SHORT_TIMES = [
  '--trash-retention',
  '0s',
  // Half of it has to be enough for a push, on any machine.
  '--gc-lease',
  '20s',
  '--gc-interval',
  '0s',
  '--cleanup-interval',
  '1s',
];

let home: Scratch;
let data: string;
beforeEach(async () => {
  home = await scratch('garbage');
  data = join(home.path, 'data');
});
afterEach(() => home[Symbol.asyncDispose](), 120_000);

interface Statistics {
  readonly stored: { readonly blobs: string };
  readonly freed: { readonly blobs: string };
  readonly condemned: { readonly blobs: string };
  readonly deleting: { readonly blobs: string };
  readonly waiting: Readonly<Record<string, string>>;
}
const REPOSITORY = '/v1/projects/my-project/locations/us/repositories/gcr.io';
const statistics = (registry: Registry) => registry.json<Statistics>('/v1/garbageCollection');

async function clients(registry: Registry) {
  const pushers = PUSHERS.map((image, seed) => new Pusher(image, registry, randomFrom(seed + 1)));
  const replacers = CLEANED.map((image, seed) => new Replacer(image, registry, randomFrom(seed + 11)));
  // Makes the repository, which then gets its policies.
  await Promise.all(pushers.map((pusher) => pusher.run(0)));
  await registry.must(200, 'PATCH', `${REPOSITORY}?updateMask=cleanupPolicies`, {
    type: 'application/json',
    body: encodeJson({ cleanupPolicies: POLICIES }),
  });
  return { pushers, everybody: [...pushers, ...replacers] };
}

async function deletePackages(registry: Registry, packages: readonly string[]): Promise<void> {
  for (const each of packages) await registry.must(200, 'DELETE', `${REPOSITORY}/packages/${each}`);
}

/** Versions that cleanup policies deleted. */
async function cleaned(registry: Registry): Promise<number> {
  const { cleanupRuns = [] } = await registry.json<Runs>(`${REPOSITORY}/cleanupRuns`);
  return cleanupRuns.reduce((sum, { deletedCount = '0' }) => sum + Number(deletedCount), 0);
}
interface Runs {
  readonly cleanupRuns?: readonly { readonly deletedCount?: string }[];
}

/** Every file in the blob store that is not of its layout: objects, uploads, and what was set aside. */
const files = (): readonly string[] =>
  ['sha256', 'uploads', 'quarantine'].flatMap((name) => {
    const directory = join(data, 'blobs', name);
    if (!existsSync(directory)) return [];
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(name, entry.name));
  });

/** What the deep examination says about contents, references and objects; nothing when all is well. */
async function complaints(besides: readonly string[] = []): Promise<readonly string[]> {
  const { stdout } = await entrepot(['doctor', '--deep', '--format=json', '--data', data]);
  const results = (JSON.parse(stdout) as { readonly checks: readonly Checked[] }).checks;
  const checks = new Set([
    'files',
    'versions',
    'tags',
    'uses',
    'links',
    'contents',
    'orphans',
    'repository sizes',
  ]);
  const told = results.filter(({ name }) => checks.has(name));
  expect(told).toHaveLength(checks.size);
  const bad = told.filter(({ name, level }) => level !== 'ok' && !besides.includes(name));
  return bad.map((result) => JSON.stringify(result));
}
interface Checked {
  readonly name: string;
  readonly level: string;
}

test.each([
  ['0s', '1s'],
  ...(LONG === undefined
    ? []
    : [
        ['0s', '0s'],
        ['2s', '1s'],
      ]),
])(
  'with a grace of %s and a delay of %s no push fails, nothing dangles, and nothing is left over',
  async (grace, delay) => {
    const flags = ['--workers', '2', '--listen', `127.0.0.1:${freePort()}`, '--drain', '3s'];
    const times = [...SHORT_TIMES, '--gc-grace', grace, '--gc-sweep-delay', delay];
    await using program = await Program.start({ data, flags: [...flags, ...times] });
    const registry = await Registry.login(program.url);
    const { pushers, everybody } = await clients(registry);
    const end = performance.now() + SOAK_MS;

    await Promise.all(everybody.map((client) => client.run(end, 3)));

    await until('policies deleted something', async () => (await cleaned(registry)) > 0);
    await until('something is freed', async () => Number((await statistics(registry)).freed.blobs) > 0);
    await until('nothing waits any more', async () =>
      Object.values((await statistics(registry)).waiting).every((count) => count === '0'),
    );
    await Promise.all(everybody.map((client) => client.pull()));
    expect(await complaints()).toEqual([]);

    await Promise.all(pushers.map((pusher) => pusher.deleteAll()));
    await deletePackages(registry, CLEANED);
    await until('everything is freed', async () => (await statistics(registry)).stored.blobs === '0');
    expect(await program.stop()).toBe(0);
    expect(program.output).not.toContain('"level":"error"');
    expect(await complaints()).toEqual([]);
    expect(files()).toEqual([]);
  },
  LIMIT_MS,
);

const LONGEST_ROUND_MS = 4_000;
const SHORTEST_ROUND_MS = 500;

test(
  'killed every few seconds, nothing that was acknowledged is lost, nothing dangles, and nothing is left over',
  async () => {
    const flags = [...SHORT_TIMES, '--gc-grace', '0s', '--gc-sweep-delay', '1s'];
    const random = randomFrom(1);
    const end = performance.now() + SOAK_MS;
    let program = await Program.start({ data, flags });
    try {
      let registry = await Registry.login(program.url);
      const { everybody } = await clients(registry);
      const idle = () => everybody.some(({ pushed }) => pushed === 0);
      for (let rounds = 0; rounds < 2 || performance.now() < end || idle(); rounds += 1) {
        let killed = false;
        const victim = program;
        const timer = setTimeout(
          () => {
            killed = true;
            victim.signal('SIGKILL');
          },
          SHORTEST_ROUND_MS + random(LONGEST_ROUND_MS - SHORTEST_ROUND_MS),
        );
        await Promise.all(everybody.map((client) => client.runAt(registry, () => killed))).finally(() =>
          clearTimeout(timer),
        );
        expect(await victim.ended()).toBe('SIGKILL');
        program = await Program.start({ data, flags });
        registry = registry.at(program.url);
        await Promise.all(everybody.map((client) => client.pullFrom(registry)));
      }
      expect(await program.stop()).toBe(0);
      // A kill between storing an object and recording it leaves one that is nobody's, until it is old enough.
      expect(await complaints(['orphans'])).toEqual([]);

      program = await Program.start({ data, flags, script: LATER });
      registry = registry.at(program.url);
      await deletePackages(registry, [...PUSHERS, ...CLEANED]);
      await until('nothing is left but what waits until the lease of a killed server is over', async () => {
        const { stored, condemned, deleting } = await statistics(registry);
        return Number(stored.blobs) === Number(condemned.blobs) + Number(deleting.blobs);
      });
      program.tell('later');
      await program.says(/^two weeks later$/m);
      registry = await Registry.login(program.url);
      // Of a long soak nothing but objects without a row may be left, which without an administrator is not believed.
      await registry.must(200, 'POST', '/v1/garbageCollection:run', {
        type: 'application/json',
        body: encodeJson({ force: true }),
      });
      await until(
        'nothing is left over',
        async () => files().length === 0 && (await statistics(registry)).stored.blobs === '0',
      );
      expect(await program.stop()).toBe(0);
      expect(await complaints()).toEqual([]);
    } finally {
      await program.kill();
    }
  },
  LIMIT_MS,
);
