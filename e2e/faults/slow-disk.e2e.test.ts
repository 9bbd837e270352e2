import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { describeWith } from '../harness/needs.ts';
import { sharedScratch } from '../harness/shared-scratch.ts';
import { interrupted } from './interrupted.ts';
import { Ledger } from './ledger.ts';
import { entrepot, Program } from './program.ts';
import { Registry } from './registry.ts';
import { reasonAgainstTracing, slowSyncs } from './strace.ts';
import { visitors } from './traffic.ts';
import { verify } from './verify.ts';

const LIMIT_MS = 300_000;
const SYNC_MS = 100;
const CHANGES = 12;

const home = sharedScratch('slow');

const noTracing = await reasonAgainstTracing();
if (noTracing !== undefined) console.warn(`skipped tests of slow disks: ${noTracing}`);

describeWith(`a disk whose syncs take ${SYNC_MS} ms`, ['strace'], () => {
  test.skipIf(noTracing !== undefined)(
    'slows down who writes, refuses no one, and loses nothing, also of a server that is killed in the middle',
    async () => {
      const data = join(home.path, 'data');
      const ledger = new Ledger();
      const first = await Program.start({ data });
      try {
        const registry = await Registry.login(first.url);
        const everybody = visitors(4, { registry, ledger });
        {
          await using _ = await slowSyncs(first.pid, SYNC_MS);
          await interrupted({
            acknowledged: () => ledger.acknowledged,
            least: CHANGES,
            longer: SYNC_MS / 2,
            work: (expected) => Promise.all(everybody.map((visitor) => visitor.run(registry, expected))),
            interrupt: async () => {
              first.signal('SIGKILL');
              await first.ended();
            },
          });
        }

        await using second = await Program.start({ data });
        await verify(registry.at(second.url), ledger);
        expect(await second.stop()).toBe(0);
      } finally {
        await first.kill();
      }
      expect((await entrepot(['doctor', '--data', data, '--deep', '--reserve', '1MiB'])).code).toBe(0);
    },
    LIMIT_MS,
  );
});
