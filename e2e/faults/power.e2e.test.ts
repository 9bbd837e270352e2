import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { scratch } from '../harness/scratch.ts';
import { sharedScratch } from '../harness/shared-scratch.ts';
import { type Disk, failWrites, fileDisk, reasonAgainst, remounted } from './disks.ts';
import { Ledger } from './ledger.ts';
import { expectNoFailure } from './doctor.ts';
import { interrupted } from './interrupted.ts';
import { Program } from './program.ts';
import { Registry } from './registry.ts';
import { randomFrom, visitors } from './traffic.ts';
import { verify } from './verify.ts';

const ROUNDS = Number(process.env['ENTREPOT_FAULT_ROUNDS'] ?? 6);
const SEED = Number(process.env['ENTREPOT_FAULT_SEED'] ?? 1);
/** Between two failures, and five more. */
const MOST_CHANGES = 60;
const LIMIT_MS = 120_000;

const home = sharedScratch('power');

const noDisk = await (async () => {
  await using trial = await scratch('trial');
  return await reasonAgainst(fileDisk, trial.path);
})();
if (noDisk !== undefined)
  console.warn(`skipped a test of disks that fail, none can be mounted here: ${noDisk}`);

/**
 * Takes the disk from a server that stands still, as both do when the power goes. It then goes on, but what it answers does not count: of a
 * sync that meets the abort the kernel may say that it was done (12 of 240 plain `fdatasync` loops were told so).
 */
async function cutPower(program: Program, disk: Disk, ledger: Ledger): Promise<void> {
  program.signal('SIGSTOP');
  // Whatever was answered before that is heard.
  for (let turns = 0; turns < 5; turns += 1) await setImmediate();
  ledger.cut();
  failWrites(disk);
  program.signal('SIGCONT');
}

/** A file system that aborts keeps what was synced and forgets the rest, as at a power failure. */
test.skipIf(noDisk !== undefined)(
  `when its disk fails ${ROUNDS} times under traffic (seed ${SEED}), what the server acknowledged is on it`,
  async () => {
    const path = join(home.path, 'disk');
    const data = join(path, 'data');
    const ledger = new Ledger();
    const random = randomFrom(SEED);
    let disk: Disk = await fileDisk(path, 256);
    let program: Program | undefined;
    try {
      program = await Program.start({ data });
      let registry = await Registry.login(program.url);
      const everybody = visitors(4, { registry, ledger, seed: SEED });

      for (let round = 0; round < ROUNDS; round += 1) {
        const running = program;
        await interrupted({
          acknowledged: () => ledger.acknowledged,
          least: 5 + random(MOST_CHANGES),
          longer: random(20),
          work: (expected) => Promise.all(everybody.map((visitor) => visitor.run(registry, expected))),
          interrupt: () => cutPower(running, disk, ledger),
        });
        // What is in memory still is served.
        expect((await registry.send('GET', '/healthz')).status).toBe(200);
        expect((await registry.send('GET', '/v2/_catalog')).status).toBe(200);
        await program.kill();
        await disk[Symbol.asyncDispose]();

        disk = await remounted(path);
        program = await Program.start({ data });
        registry = registry.at(program.url);
        await verify(registry, ledger);
      }
      await expectNoFailure(data);
    } finally {
      await program?.kill();
      await disk[Symbol.asyncDispose]();
    }
  },
  LIMIT_MS * (1 + ROUNDS / 10),
);
