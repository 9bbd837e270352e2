import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { describeWith } from '../harness/needs.ts';
import { type Scratch, scratch } from '../harness/scratch.ts';
import { Ledger } from './ledger.ts';
import { entrepot, Program } from './program.ts';
import { Registry } from './registry.ts';
import { reasonAgainstTracing, slowSyncs } from './strace.ts';
import { randomFrom, Visitor } from './traffic.ts';
import { verify } from './verify.ts';

const LIMIT_MS = 90_000;
const SYNC_MS = 100;
const TRAFFIC_MS = 5_000;

let home: Scratch;
beforeAll(async () => {
  home = await scratch('slow');
});
afterAll(() => home[Symbol.asyncDispose]());

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
        const visitors = [1, 2, 3, 4].map(
          (seed) => new Visitor(`image-${seed}`, registry, ledger, randomFrom(seed)),
        );
        visitors.forEach((visitor, at) => visitor.meet(visitors[(at + 1) % visitors.length] ?? visitor));
        let killed = false;
        {
          await using _ = await slowSyncs(first.pid, SYNC_MS);
          const end = setTimeout(() => {
            killed = true;
            first.signal('SIGKILL');
          }, TRAFFIC_MS);
          await Promise.all(visitors.map((visitor) => visitor.run(registry, () => killed))).finally(() =>
            clearTimeout(end),
          );
        }
        expect(killed).toBe(true);
        expect(ledger.acknowledged).toBeGreaterThan(5);

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
