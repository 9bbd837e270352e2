import { afterEach, beforeEach, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { freePort } from '../harness/free-port.ts';
import { type Bytes, digestOf } from '../harness/oci.ts';
import { type Scratch, scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';
import { entrepot, Program } from './program.ts';
import { blobPath, type Document, imageDocument, manifestPath, Registry } from './registry.ts';
import { type Random, randomFrom } from './traffic.ts';

/** Seconds of each soak, such as 600; without it there is a short one. */
const LONG = process.env['ENTREPOT_SOAK_SECONDS'];
const SOAK_MS = Number(LONG ?? 6) * 1000;
const LIMIT_MS = SOAK_MS + 90_000;
const LEASE = '10s';
const PUSHERS = ['a', 'b', 'c', 'd'];

/** Few layers, so that those who push meet those who delete at the same bytes. */
const LAYERS = Array.from({ length: 10 }, (_, seed) => noise(seed, 2_000 + 700 * seed));

let home: Scratch;
let data: string;
beforeEach(async () => {
  home = await scratch('garbage');
  data = join(home.path, 'data');
});
afterEach(() => home[Symbol.asyncDispose]());

/** A client like docker: asks for each layer, mounts or pushes what is not there, pushes the manifest, pulls, deletes. */
class Pusher {
  readonly #image: string;
  readonly #random: Random;
  #registry: Registry;
  readonly #here = new Map<string, { readonly document: Document; readonly blobs: readonly Bytes[] }>();
  #pushed = 0;

  constructor(image: string, registry: Registry, random: Random) {
    this.#image = image;
    this.#registry = registry;
    this.#random = random;
  }

  get pushed(): number {
    return this.#pushed;
  }

  async run(end: number): Promise<void> {
    do {
      await this.#push();
      await this.pull();
      if (this.#random(3) > 0) await this.#delete();
      // So that leases, which are short, end while others go on.
      if (this.#random(4) === 0) await this.#upload(this.#layer());
    } while (performance.now() < end);
  }

  /** Works until the server is killed, which it says in advance. */
  async runAt(registry: Registry, killed: () => boolean): Promise<void> {
    this.#registry = registry;
    try {
      while (!killed()) await this.run(0);
    } catch (error) {
      if (!killed()) throw error;
    }
  }

  /** Whatever was acknowledged and not deleted is there, whole. */
  async pull(): Promise<void> {
    for (const { document, blobs } of this.#here.values()) {
      expect(digestOf(await this.#registry.bytes(manifestPath(this.#image, document.digest)))).toBe(
        document.digest,
      );
      for (const bytes of blobs) {
        const digest = digestOf(bytes);
        expect(digestOf(await this.#registry.bytes(blobPath(this.#image, digest)))).toBe(digest);
      }
    }
  }

  async pullFrom(registry: Registry): Promise<void> {
    this.#registry = registry;
    await this.pull();
  }

  async deleteAll(): Promise<void> {
    while (this.#here.size > 0) await this.#delete();
  }

  async #push(): Promise<void> {
    const blobs = [this.#layer(), this.#layer(), this.#layer()];
    const [config, ...layers] = blobs;
    if (!config) return;
    for (const bytes of blobs) await this.#upload(bytes);
    const document = imageDocument({ config, layers });
    const answer = await this.#registry.putManifest(this.#image, 'latest', document);
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 201, text: '' });
    this.#here.set(document.digest, { document, blobs });
    this.#pushed += 1;
  }

  async #upload(bytes: Bytes): Promise<void> {
    const digest = digestOf(bytes);
    if ((await this.#registry.send('HEAD', blobPath(this.#image, digest))).status === 200) return;
    const from = PUSHERS[this.#random(PUSHERS.length)] ?? '';
    if (this.#random(2) === 0) {
      const mounted = await this.#registry.mount(this.#image, digest, from);
      expect([201, 202]).toContain(mounted.status);
      if (mounted.status === 201) return;
    }
    const answer = await this.#registry.pushBlob(this.#image, bytes);
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 201, text: '' });
  }

  async #delete(): Promise<void> {
    const [digest] = this.#here.keys();
    if (digest === undefined) return;
    this.#here.delete(digest);
    expect((await this.#registry.deleteManifest(this.#image, digest)).status).toBe(202);
  }

  #layer(): Bytes {
    return LAYERS[this.#random(LAYERS.length)] ?? noise(0, 1);
  }
}

interface Statistics {
  readonly stored: { readonly blobs: string };
  readonly freed: { readonly blobs: string };
  readonly waiting: Readonly<Record<string, string>>;
}
const PACKAGES = '/v1/projects/my-project/locations/us/repositories/gcr.io/packages';
const statistics = (registry: Registry) => registry.json<Statistics>('/v1/garbageCollection');

/** What the deep examination says about contents, references and objects; nothing when all is well. */
async function complaints(): Promise<readonly string[]> {
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
  return told.filter(({ level }) => level !== 'ok').map((result) => JSON.stringify(result));
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
    const times = [
      '--trash-retention',
      '0s',
      '--gc-lease',
      LEASE,
      '--gc-grace',
      grace,
      '--gc-sweep-delay',
      delay,
      '--gc-interval',
      '0s',
    ];
    await using program = await Program.start({ data, flags: [...flags, ...times] });
    const registry = await Registry.login(program.url);
    const pushers = PUSHERS.map((image, seed) => new Pusher(image, registry, randomFrom(seed + 1)));
    const end = performance.now() + SOAK_MS;

    await Promise.all(pushers.map((pusher) => pusher.run(end)));

    for (const pusher of pushers) expect(pusher.pushed).toBeGreaterThan(2);
    expect(Number((await statistics(registry)).freed.blobs)).toBeGreaterThan(0);
    await until(
      'nothing waits any more',
      async () => Object.values((await statistics(registry)).waiting).every((count) => count === '0'),
      30_000,
    );
    await Promise.all(pushers.map((pusher) => pusher.pull()));
    expect(await complaints()).toEqual([]);

    await Promise.all(pushers.map((pusher) => pusher.deleteAll()));
    await until('everything is freed', async () => (await statistics(registry)).stored.blobs === '0', 30_000);
    expect(await program.stop()).toBe(0);
    expect(program.output).not.toContain('"level":"error"');
    expect(await complaints()).toEqual([]);
    const objects = readdirSync(join(data, 'blobs', 'sha256'), { recursive: true }).filter((name) =>
      String(name).includes('.'),
    );
    expect(objects).toEqual([]);
  },
  LIMIT_MS,
);

const LONGEST_ROUND_MS = 4_000;
const SHORTEST_ROUND_MS = 500;

test(
  'killed every few seconds, nothing that was acknowledged is lost, nothing dangles, and nothing is left over',
  async () => {
    const flags = [
      '--trash-retention',
      '0s',
      '--gc-lease',
      LEASE,
      '--gc-grace',
      '0s',
      '--gc-sweep-delay',
      '1s',
      '--gc-interval',
      '0s',
    ];
    const random = randomFrom(1);
    const end = performance.now() + SOAK_MS;
    let program = await Program.start({ data, flags });
    try {
      let registry = await Registry.login(program.url);
      const pushers = PUSHERS.map((image, seed) => new Pusher(image, registry, randomFrom(seed + 1)));
      for (let rounds = 0; rounds < 2 || performance.now() < end; rounds += 1) {
        let killed = false;
        const victim = program;
        const timer = setTimeout(
          () => {
            killed = true;
            victim.signal('SIGKILL');
          },
          SHORTEST_ROUND_MS + random(LONGEST_ROUND_MS - SHORTEST_ROUND_MS),
        );
        await Promise.all(pushers.map((pusher) => pusher.runAt(registry, () => killed))).finally(() =>
          clearTimeout(timer),
        );
        expect(await victim.ended()).toBe('SIGKILL');
        program = await Program.start({ data, flags });
        registry = registry.at(program.url);
        await Promise.all(pushers.map((pusher) => pusher.pullFrom(registry)));
      }
      for (const pusher of pushers) expect(pusher.pushed).toBeGreaterThan(0);
      expect(await program.stop()).toBe(0);
      expect(await complaints()).toEqual([]);

      program = await Program.start({ data, flags });
      registry = registry.at(program.url);
      for (const image of PUSHERS) await registry.must(200, 'DELETE', `${PACKAGES}/${image}`);
      await until(
        'everything is freed',
        async () => (await statistics(registry)).stored.blobs === '0',
        60_000,
      );
      expect(await program.stop()).toBe(0);
      expect(await complaints()).toEqual([]);
    } finally {
      await program.kill();
    }
  },
  LIMIT_MS,
);
