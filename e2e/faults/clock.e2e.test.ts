import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { digestOf } from '../harness/oci.ts';
import { sharedScratch } from '../harness/shared-scratch.ts';
import { until } from '../harness/until.ts';
import { FalseClock, reasonAgainstFalseClock } from './false-clock.ts';
import { interrupted } from './interrupted.ts';
import { Ledger } from './ledger.ts';
import { entrepot, Program } from './program.ts';
import { blobPath, Registry } from './registry.ts';
import { visitors } from './traffic.ts';
import { verify } from './verify.ts';

const LIMIT_MS = 240_000;
/** Before a jump, and as many after it. */
const CHANGES = 20;
const DAY = 24;
/** Hours from the true time, one after the other. */
const TIMES = [DAY, 0, -DAY, DAY, -2 * DAY, 0];
const GC = [
  '--trash-retention',
  '0s',
  '--gc-lease',
  '1h',
  '--gc-grace',
  '1s',
  '--gc-sweep-delay',
  '1s',
  '--gc-interval',
  '0s',
];

const home = sharedScratch('clock');

if (reasonAgainstFalseClock !== undefined && process.env['CI'] === undefined)
  console.warn(`skipped clocks that jump: ${reasonAgainstFalseClock}; .ci/install-clients.sh installs it`);

describe.skipIf(reasonAgainstFalseClock !== undefined && process.env['CI'] === undefined)(
  'a clock that jumps',
  () => {
    test(
      `by a day forward and back, under traffic and while the server is down, loses nothing that was acknowledged`,
      async () => {
        const data = join(home.path, 'jumps');
        const clock = new FalseClock(join(home.path, 'jumps.time'));
        await clock.set(0);
        // Else a chunked upload, which lives for a day, is to be begun again, as its answer says.
        const flags = [...GC, '--upload-expiry', '96h'];
        const start = () => Program.start({ data, under: clock.under, flags });
        const ledger = new Ledger();
        let program = await start();
        try {
          let registry = new Registry(program.url);
          const everybody = visitors(3, { registry, ledger });
          for (const hours of TIMES) {
            const work = (expected: () => boolean) =>
              Promise.all(everybody.map((visitor) => visitor.run(registry, expected)));
            await interrupted({
              acknowledged: () => ledger.acknowledged,
              least: 2 * CHANGES,
              longer: 0,
              work: async (expected) => {
                const end = ledger.acknowledged + CHANGES;
                const jump = until('some changes', () => ledger.acknowledged >= end || expected()).then(() =>
                  clock.set(hours),
                );
                await Promise.all([work(expected), jump]);
              },
              interrupt: () => program.signal('SIGTERM'),
            });
            expect(await program.ended()).toBe(0);
            await clock.set(hours);
            program = await start();
            registry = registry.at(program.url);
            await verify(registry, ledger);
          }
          expect(await program.stop()).toBe(0);
          const { stdout } = await entrepot(['doctor', '--data', data, '--deep', '--reserve', '1MiB']);
          // It runs by the true time, and is right that rows are of a later one.
          expect(stdout.split('\n').filter((line) => line.startsWith('FAIL'))).toEqual([
            expect.stringMatching(/^FAIL clock /),
          ]);
        } finally {
          await program.kill();
        }
      },
      LIMIT_MS,
    );

    test(
      'by a day forward takes nothing from an upload under way, nor from layers whose manifest is yet to come',
      async () => {
        const clock = new FalseClock(join(home.path, 'push.time'));
        await clock.set(0);
        await using program = await Program.start({
          data: join(home.path, 'push'),
          under: clock.under,
          flags: GC,
        });
        const registry = new Registry(program.url);
        const bytes = noise(1, 200_000);
        const layer = noise(2, 100_000);
        const upload = await registry.begin('image');
        expect((await registry.append(upload, bytes.subarray(0, 100_000), 0)).status).toBe(202);
        expect((await registry.pushBlob('image', layer)).status).toBe(201);

        await clock.set(DAY - 1);
        await registry.must(200, 'POST', '/v1/garbageCollection:run', {
          type: 'application/json',
          body: new TextEncoder().encode('{}'),
        });

        expect(await registry.offset(upload)).toBe(100_000);
        expect((await registry.finish(upload, digestOf(bytes), bytes.subarray(100_000))).status).toBe(201);
        expect(digestOf(await registry.bytes(blobPath('image', digestOf(layer))))).toBe(digestOf(layer));
        expect(await program.stop()).toBe(0);
      },
      LIMIT_MS,
    );
  },
);
