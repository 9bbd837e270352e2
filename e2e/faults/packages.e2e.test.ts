import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { sharedScratch } from '../harness/shared-scratch.ts';
import { expectNoFailure } from './doctor.ts';
import { interrupted } from './interrupted.ts';
import { Program } from './program.ts';
import { checksumOf, filePath, type Made, type Publishing, PUBLISHING } from './publishing.ts';
import { Registry } from './registry.ts';
import { randomFrom } from './traffic.ts';

const ROUNDS = Number(process.env['ENTREPOT_FAULT_ROUNDS'] ?? 8);
const SEED = Number(process.env['ENTREPOT_FAULT_SEED'] ?? 1);
/** Between two kills, and three more. */
const MOST_VERSIONS = 30;
const ROUND_LIMIT_MS = 60_000;
const PUBLISHERS = 4;
const REPOSITORY = 'packages';
const NAME = 'popular';

const home = sharedScratch('packages');

/** Versions that were sent, of which some are known to be there. */
class Book {
  readonly acknowledged = new Map<string, Made>();
  readonly uncertain = new Map<string, Made>();
  readonly publishing: Publishing;
  #made = 0;

  constructor(publishing: Publishing) {
    this.publishing = publishing;
  }

  /** Publishes one version after the other until the server goes away. */
  async publish(registry: Registry): Promise<void> {
    for (;;) {
      this.#made += 1;
      const made = await this.publishing.make(REPOSITORY, NAME, `1.0.${this.#made}`);
      this.uncertain.set(made.version, made);
      const answer = await made.send(registry).catch(() => undefined);
      const text = await answer?.text().catch(() => undefined);
      if (text === undefined || answer === undefined || answer.status >= 500) return;
      expect({ status: answer.status, ok: answer.ok, text }).toEqual({
        status: answer.status,
        ok: true,
        text,
      });
      this.uncertain.delete(made.version);
      this.acknowledged.set(made.version, made);
    }
  }

  /** Everything acknowledged is there, and everything that the index names can be had. */
  async verify(registry: Registry): Promise<void> {
    const { publishing, acknowledged, uncertain } = this;
    const listed = await publishing.listed(registry, REPOSITORY, NAME);
    for (const version of acknowledged.keys()) expect([...listed.keys()]).toContain(version);
    for (const [version, { file, checksum, algorithm }] of listed) {
      const made = acknowledged.get(version) ?? uncertain.get(version);
      expect(made?.version).toBe(version);
      const bytes = await registry.bytes(filePath(publishing, REPOSITORY, file));
      expect(checksumOf(bytes, algorithm)).toBe(checksum);
      expect(Buffer.compare(bytes, made?.bytes ?? new Uint8Array())).toBe(0);
    }
    // What nobody was told of is there whole or not at all, and whoever repeats it gets it there.
    for (const [version, made] of uncertain) {
      const answer = await made.send(registry);
      const text = await answer.text();
      if (listed.has(version)) expect([200, 201, 400, 403, 409]).toContain(answer.status);
      else
        expect({ status: answer.status, ok: answer.ok, text }).toEqual({
          status: answer.status,
          ok: true,
          text,
        });
      acknowledged.set(version, made);
    }
    uncertain.clear();
  }
}

describe.each(PUBLISHING.map((publishing) => [publishing.format, publishing] as const))(
  '%s',
  (_, publishing) => {
    test(
      `killed ${ROUNDS} times while versions are published (seed ${SEED}), the server keeps what it acknowledged`,
      async () => {
        const data = join(home.path, publishing.format);
        const book = new Book(publishing);
        const random = randomFrom(SEED);
        let program = await Program.start({ data });
        try {
          let registry = await Registry.login(program.url);
          const body = new TextEncoder().encode(JSON.stringify({ format: publishing.format }));
          const parent = '/v1/projects/my-project/locations/us-central1';
          await registry.must(200, 'POST', `${parent}/repositories?repositoryId=${REPOSITORY}`, {
            type: 'application/json',
            body,
          });
          for (let round = 0; round < ROUNDS; round += 1) {
            const victim = program;
            await interrupted({
              acknowledged: () => book.acknowledged.size,
              least: 3 + random(MOST_VERSIONS),
              longer: random(20),
              work: () => Promise.all(Array.from({ length: PUBLISHERS }, () => book.publish(registry))),
              interrupt: () => victim.signal('SIGKILL'),
            });
            expect(await victim.ended()).toBe('SIGKILL');
            program = await Program.start({ data });
            registry = registry.at(program.url);
            await book.verify(registry);
          }
          expect(await program.stop()).toBe(0);
          await expectNoFailure(data);
        } finally {
          await program.kill();
        }
      },
      ROUND_LIMIT_MS * (1 + ROUNDS / 10),
    );
  },
);
