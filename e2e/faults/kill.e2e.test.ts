import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { digestOf } from '../harness/oci.ts';
import { sharedScratch } from '../harness/shared-scratch.ts';
import { expectNoFailure } from './doctor.ts';
import { interrupted } from './interrupted.ts';
import { blobKey, Ledger, manifestKey } from './ledger.ts';
import { ENTREPOT, Program } from './program.ts';
import { type Document, imageDocument, Registry } from './registry.ts';
import { fightForTag, randomFrom, visitors } from './traffic.ts';
import { verify } from './verify.ts';

const ROUNDS = Number(process.env['ENTREPOT_FAULT_ROUNDS'] ?? 20);
/** Another one is another course of events; a failure names it. */
const SEED = Number(process.env['ENTREPOT_FAULT_SEED'] ?? 1);
const ROUND_LIMIT_MS = 60_000;
/** That are acknowledged between two kills. */
const MOST_CHANGES = 40;
const VISITORS = 5;
const FIGHTERS = 3;

const home = sharedScratch('kill');

/** The image that all fight for: three manifests without a tag. */
async function arena(registry: Registry, ledger: Ledger, image: string): Promise<readonly Document[]> {
  const documents: Document[] = [];
  for (const seed of [1001, 1002, 1003]) {
    const config = noise(seed, 500);
    const document = imageDocument({ config, layers: [] });
    ledger.contents.set(digestOf(config), config);
    ledger.contents.set(document.digest, document.bytes);
    const change = ledger.begin('the arena', [
      [blobKey(image, digestOf(config)), digestOf(config)],
      [manifestKey(image, document.digest), document.digest],
    ]);
    expect((await registry.pushBlob(image, config)).status).toBe(201);
    expect((await registry.putManifest(image, document.digest, document)).status).toBe(201);
    ledger.acknowledge(change);
    documents.push(document);
  }
  return documents;
}

test(
  `killed ${ROUNDS} times under mixed traffic (seed ${SEED}), the server keeps what it acknowledged`,
  async () => {
    const data = join(home.path, 'mixed');
    const ledger = new Ledger();
    const random = randomFrom(SEED);
    let program = await Program.start({ data });
    try {
      let registry = await Registry.login(program.url);
      const documents = await arena(registry, ledger, 'arena');
      const everybody = visitors(VISITORS, { registry, ledger, seed: SEED });

      for (let round = 0; round < ROUNDS; round += 1) {
        const victim = program;
        await interrupted({
          acknowledged: () => ledger.acknowledged,
          least: random(MOST_CHANGES),
          longer: random(20),
          work: (expected) =>
            Promise.all([
              ...everybody.map((visitor) => visitor.run(registry, expected)),
              ...Array.from({ length: FIGHTERS }, () =>
                fightForTag(registry, ledger, { image: 'arena', documents, random, expected }),
              ),
            ]),
          interrupt: () => victim.signal('SIGKILL'),
        });
        expect(await victim.ended()).toBe('SIGKILL');

        program = await Program.start({ data });
        registry = registry.at(program.url);
        await verify(registry, ledger);
      }
      await expectNoFailure(data);
    } finally {
      await program.kill();
    }
  },
  ROUND_LIMIT_MS * (1 + ROUNDS / 10),
);

const STARTS = 8;
/** A first start takes less; so some are killed before its end and some after. */
const FIRST_START_MS = 360;

test(
  `killed at ${STARTS} moments of its first start, the server makes good what was half made`,
  async () => {
    for (let at = 0; at < STARTS; at += 1) {
      const data = join(home.path, `first-${at}`);
      const command = [process.execPath, ENTREPOT, 'serve', '--listen', '127.0.0.1:0', '--data', data];
      // Without a password from outside: making one up is a step of its own.
      const victim = Bun.spawn(command, {
        env: { PATH: process.env['PATH'] },
        stdout: 'ignore',
        stderr: 'ignore',
      });
      await Bun.sleep(((at + 1) * FIRST_START_MS) / STARTS);
      victim.kill('SIGKILL');
      await victim.exited;

      await using program = await Program.start({ data, password: undefined });
      const password = (await Bun.file(join(data, 'initial-admin-password')).text()).trim();
      const registry = new Registry(program.url, `Basic ${btoa(`admin:${password}`)}`);
      expect((await registry.pushBlob('image', noise(1, 1000))).status).toBe(201);
      await expectNoFailure(data);
    }
  },
  2 * ROUND_LIMIT_MS,
);
