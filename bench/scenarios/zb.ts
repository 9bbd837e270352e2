import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { zb as runZb } from '../load/zb.ts';
import { type Contender, interleave } from '../rounds.ts';
import { type Bench, type Outcome, roundsOf, type Scenario, startAll, unlessInstalled } from '../scenario.ts';
import { ADMIN } from '../servers/entrepot.ts';
import { peerProgram } from '../servers/peer-programs.ts';
import { distribution, entrepot, zot } from '../servers/registries.ts';
import type { Registry } from '../servers/server.ts';

const TESTS = [
  'Get Catalog',
  'Push Monolith 1MB',
  'Push Monolith 10MB',
  'Push Chunk Streamed 1MB',
  'Push Chunk Streamed 10MB',
  'Pull 1MB',
  'Pull 10MB',
  'Pull 75% and Push 25% Mixed 1MB',
  'Pull 75% and Push 25% Mixed 10MB',
];

export const zb: Scenario = {
  name: 'zb',
  title: 'zb, the benchmark of zot, as it is',
  minutes: 6,
  measures: TESTS.map((test) => ({ key: test, label: test, unit: '/s', better: 'more' })),
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  const program = peerProgram('zb');
  const gone = unlessInstalled(program);
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: 'zb', reason: gone }], notes: NOTES };
  await using stack = new AsyncDisposableStack();
  const { running, missing } = await startAll<Registry>(stack, [
    entrepot(bench),
    distribution(bench, 'none'),
    zot(bench),
  ]);
  const contenders = running.map((registry): Contender => ({
    name: registry.name,
    round: async () =>
      Object.fromEntries(
        await runZb({
          program,
          url: registry.url,
          ...(registry.name === 'entrepot' && { credentials: `${ADMIN.username}:${ADMIN.password}` }),
          repository: registry.repository('zb'),
          tests: bench.quick ? TESTS.slice(0, 2) : TESTS,
          requests: bench.quick ? 20 : 100,
          directory: await mkdtemp(join(bench.directory, 'zb-')),
        }),
      ),
  }));
  const samples = await interleave(roundsOf(bench, 3), contenders, bench.say);
  return { samples, missing, notes: NOTES };
}

const NOTES = [
  'Entrepot checks a user and a password on each request; the others check nothing. zb makes 100 requests, 10 at once.',
];
