import { afterEach, beforeEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { freePort } from '../harness/free-port.ts';
import { digestOf } from '../harness/oci.ts';
import { type Scratch, scratch } from '../harness/scratch.ts';
import { Program } from './program.ts';
import { imageDocument, manifestPath, Registry } from './registry.ts';

const LIMIT_MS = 120_000;
const REPOSITORY = '/v1/projects/my-project/locations/us/repositories/gcr.io';

let home: Scratch;
beforeEach(async () => {
  home = await scratch('immutable-tags');
});
afterEach(() => home[Symbol.asyncDispose]());

test(
  'of many pushes of new immutable tags to two processes, each tag takes exactly one',
  async () => {
    const flags = ['--workers', '2', '--listen', `127.0.0.1:${freePort()}`];
    await using program = await Program.start({ data: join(home.path, 'data'), flags });
    const registry = await Registry.login(program.url);
    const layer = noise(1, 500);
    const rivals = Array.from({ length: 10 }, (_, at) => noise(2 + at, 200));
    for (const bytes of [layer, ...rivals]) expect((await registry.pushBlob('app', bytes)).status).toBe(201);
    await registry.must(200, 'PATCH', `${REPOSITORY}?updateMask=dockerConfig`, {
      body: new TextEncoder().encode(JSON.stringify({ dockerConfig: { immutableTags: true } })),
      type: 'application/json',
    });

    const images = rivals.map((config) => imageDocument({ config, layers: [layer] }));
    for (const tag of ['v1', 'v2', 'v3', 'v4', 'v5']) {
      const answers = await Promise.all(images.map((image) => registry.putManifest('app', tag, image)));
      const winners = images.filter((_, at) => answers[at]?.status === 201);
      expect(winners).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 403)).toHaveLength(images.length - 1);
      expect(digestOf(await registry.bytes(manifestPath('app', tag)))).toBe(winners[0]?.digest ?? 'sha256:');
    }
  },
  LIMIT_MS,
);
