import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { encodeJson } from '../harness/oci.ts';
import { sharedScratch } from '../harness/shared-scratch.ts';
import { until } from '../harness/until.ts';
import { expectNoFailure } from './doctor.ts';
import { Program } from './program.ts';
import { imageDocument, manifestPath, Registry } from './registry.ts';

const SCRIPT = [Bun.fileURLToPath(import.meta.resolve('./crash-server.ts'))];
const LIMIT_MS = 240_000;

const IMAGES = ['one', 'two', 'three'];
const POLICIES = {
  untagged: { action: 'DELETE', condition: { tagState: 'UNTAGGED' } },
  old: { action: 'DELETE', condition: { tagState: 'TAGGED', tagPrefixes: ['pr-'] } },
  releases: { action: 'KEEP', condition: { tagState: 'TAGGED', tagPrefixes: ['v'] } },
};

interface Run {
  readonly name: string;
  readonly outcome: string;
  readonly versionCount?: string;
  readonly deletedCount?: string;
}
interface Operation {
  readonly done?: boolean;
  readonly error?: { readonly message: string };
}

const home = sharedScratch('cleanup');

test(
  'a cleanup whose server is killed says what it had deleted, and the next one does the rest',
  async () => {
    const data = join(home.path, 'killed');
    let program = await Program.start({ data, script: SCRIPT });
    try {
      let registry = await Registry.login(program.url);
      const { kept, going } = await filled(registry);
      const repository = '/v1/projects/my-project/locations/us/repositories/gcr.io';
      await registry.must(200, 'PATCH', `${repository}?updateMask=cleanupPolicies`, {
        type: 'application/json',
        body: encodeJson({ cleanupPolicies: POLICIES }),
      });
      const request = () =>
        registry.send('POST', `${repository}:runCleanup`, { type: 'application/json', body: encodeJson({}) });
      const runs = async () =>
        (await registry.json<{ readonly cleanupRuns: readonly Run[] }>(`${repository}/cleanupRuns`))
          .cleanupRuns;
      const left = async (paths: readonly string[]) => {
        const answers = await Promise.all(paths.map((path) => registry.send('HEAD', path)));
        return answers.filter(({ status }) => status === 200).length;
      };

      program.tell('cleaned');
      await program.says(/^armed$/m);
      // The run may kill the server before the request is answered.
      const begun = await request().catch(() => undefined);
      const operation = (
        (await begun?.json().catch(() => undefined)) as { readonly name?: string } | undefined
      )?.name;
      expect(await program.ended()).toBe('SIGKILL');
      program = await Program.start({ data, script: SCRIPT });
      registry = registry.at(program.url);

      const deleted = going.length - (await left(going));
      expect(deleted).toBeGreaterThan(0);
      expect(deleted).toBeLessThan(going.length);
      expect(await left(kept)).toBe(kept.length);
      expect(await runs()).toMatchObject([{ deletedCount: String(deleted) }]);

      let answer = await request();
      await until(
        'the run that was killed counts as gone',
        async () => answer.status === 200 || (answer = await request()).status === 200,
      );
      await until('the next run is done', async () => (await runs())[0]?.outcome === 'DONE');

      expect(await runs()).toMatchObject([
        { outcome: 'DONE', deletedCount: String(going.length - deleted) },
        { outcome: 'INTERRUPTED', deletedCount: String(deleted) },
      ]);
      expect([await left(going), await left(kept)]).toEqual([0, kept.length]);
      if (operation !== undefined)
        expect(await registry.json<Operation>(`/v1/${operation}`)).toMatchObject({
          done: true,
          error: { message: expect.stringContaining('stopped') },
        });
      await program.kill();
      await expectNoFailure(data);
    } finally {
      await program.kill();
    }
  },
  LIMIT_MS,
);

/** Addresses of what policies keep, and of what they delete. */
async function filled(registry: Registry) {
  const [kept, going]: [string[], string[]] = [[], []];
  let seed = 0;
  for (const image of IMAGES) {
    for (const tag of ['v1', 'pr-1', undefined, undefined]) {
      seed += 1;
      const config = noise(seed, 500);
      const document = imageDocument({ config, layers: [] });
      expect((await registry.pushBlob(image, config)).status).toBe(201);
      expect((await registry.putManifest(image, tag ?? document.digest, document)).status).toBe(201);
      (tag === 'v1' ? kept : going).push(manifestPath(image, document.digest));
    }
  }
  return { kept, going };
}
