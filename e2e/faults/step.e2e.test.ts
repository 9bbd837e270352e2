import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { PUBLISH_STEPS } from '../../server/stores/blobs/publish.ts';
import { APPEND_STEPS } from '../../server/stores/blobs/staged-upload.ts';
import { RECORD_STEPS } from '../../server/stores/metadata/repository-changes.ts';
import { noise } from '../fixtures/noise.ts';
import { type Bytes, digestOf, encodeJson } from '../harness/oci.ts';
import { type Scratch, scratch } from '../harness/scratch.ts';
import { expectSound } from './doctor.ts';
import { blobKey, type Change, Ledger, manifestKey, tagKey } from './ledger.ts';
import { Program } from './program.ts';
import { type Document, imageDocument, Registry } from './registry.ts';
import { verify } from './verify.ts';

const SCRIPT = [Bun.fileURLToPath(import.meta.resolve('./crash-server.ts'))];
const LIMIT_MS = 120_000;

let home: Scratch;
let data: string;
let program: Program;
let registry: Registry;
const ledger = new Ledger();
let seed = 0;

async function restart(): Promise<void> {
  program = await Program.start({ data, script: SCRIPT });
  registry = registry === undefined ? await Registry.login(program.url) : registry.at(program.url);
}

beforeAll(async () => {
  home = await scratch('steps');
  data = join(home.path, 'data');
  await restart();
}, LIMIT_MS);

afterAll(async () => {
  try {
    await program.kill();
  } finally {
    await home[Symbol.asyncDispose]();
  }
});

/** Bytes that were never used before. */
function fresh(size = 70_000): Bytes {
  seed += 1;
  const bytes = noise(seed, size);
  ledger.contents.set(digestOf(bytes), bytes);
  return bytes;
}

/** Does a change that must succeed. */
async function done(
  change: Change,
  work: () => Promise<Response>,
  statuses: readonly number[],
): Promise<void> {
  const answer = await work();
  if (!statuses.includes(answer.status))
    throw new Error(`${change.what} answered ${answer.status}: ${await answer.text()}`);
  ledger.acknowledge(change);
}

const blobChange = (image: string, bytes: Bytes): Change =>
  ledger.begin('the blob', [[blobKey(image, digestOf(bytes)), digestOf(bytes)]]);

async function pushBlob(image: string, bytes: Bytes): Promise<void> {
  await done(blobChange(image, bytes), () => registry.pushBlob(image, bytes), [201]);
}

/** An image whose blobs are pushed and whose manifest is not. */
async function prepared(image: string): Promise<Document> {
  const [config, layer] = [fresh(400), fresh()];
  await pushBlob(image, config);
  await pushBlob(image, layer);
  const document = imageDocument({ config, layers: [layer] });
  ledger.contents.set(document.digest, document.bytes);
  return document;
}

const manifestChange = (image: string, { digest }: Document, tags: readonly string[]): Change =>
  ledger.begin('the manifest', [
    [manifestKey(image, digest), digest],
    ...tags.map((tag) => [tagKey(image, tag), digest] as const),
  ]);

async function pushed(image: string, tag: string): Promise<Document> {
  const document = await prepared(image);
  await done(manifestChange(image, document, [tag]), () => registry.putManifest(image, tag, document), [201]);
  return document;
}

/** What is interrupted: how it is begun, and how it is carried to its end after the restart. */
interface Interrupted {
  readonly change: Change | undefined;
  readonly request: () => Promise<Response>;
  readonly repeat: () => Promise<void>;
}

interface Kind {
  readonly name: string;
  readonly steps: readonly string[];
  /** Whether it is in the audit log whatever the policy says. */
  readonly isPublication?: true;
  readonly prepare: (image: string) => Promise<Interrupted>;
}

const repeated = (begin: () => Change, request: () => Promise<Response>, statuses: readonly number[]) => ({
  change: begin(),
  request,
  repeat: () => done(begin(), request, statuses),
});

const KINDS: readonly Kind[] = [
  {
    name: 'a blob is put',
    steps: ['appended', ...PUBLISH_STEPS, ...RECORD_STEPS],
    async prepare(image) {
      const bytes = fresh();
      // As clients do it: a new session for another attempt.
      const request = async () => registry.finish(await registry.begin(image), digestOf(bytes), bytes);
      return repeated(() => blobChange(image, bytes), request, [201]);
    },
  },
  {
    name: 'a chunk is appended',
    steps: APPEND_STEPS,
    async prepare(image) {
      const bytes = fresh(300_000);
      const upload = await registry.begin(image);
      expect((await registry.append(upload, bytes.subarray(0, 100_000), 0)).status).toBe(202);
      return {
        change: undefined,
        request: () => registry.append(upload, bytes.subarray(100_000, 200_000), 100_000),
        async repeat() {
          const offset = await registry.offset(upload);
          expect([100_000, 200_000]).toContain(offset);
          const rest = bytes.subarray(offset);
          await done(blobChange(image, bytes), () => registry.finish(upload, digestOf(bytes), rest), [201]);
        },
      };
    },
  },
  {
    name: 'a manifest is put under two tags',
    isPublication: true,
    steps: ['appended', ...PUBLISH_STEPS, ...RECORD_STEPS],
    async prepare(image) {
      const document = await prepared(image);
      return repeated(
        () => manifestChange(image, document, ['one', 'two']),
        () => registry.putManifest(image, 'one', document, ['two']),
        [201],
      );
    },
  },
  {
    name: 'a blob is mounted',
    steps: RECORD_STEPS,
    async prepare(image) {
      const bytes = fresh();
      await pushBlob(`${image}-source`, bytes);
      return repeated(
        () => blobChange(image, bytes),
        () => registry.mount(image, digestOf(bytes), `${image}-source`),
        [201],
      );
    },
  },
  {
    name: 'a tag is moved',
    isPublication: true,
    steps: ['appended', ...PUBLISH_STEPS, ...RECORD_STEPS],
    async prepare(image) {
      const next = await pushed(image, 'next');
      await pushed(image, 'current');
      return repeated(
        () => manifestChange(image, next, ['current']),
        () => registry.putManifest(image, 'current', next),
        [201],
      );
    },
  },
  {
    name: 'a manifest is deleted with its tags',
    isPublication: true,
    steps: RECORD_STEPS,
    async prepare(image) {
      const document = await pushed(image, 'one');
      const more = () => registry.putManifest(image, 'two', document);
      await done(manifestChange(image, document, ['two']), more, [201]);
      return repeated(
        () =>
          ledger.begin('the deletion', [
            [manifestKey(image, document.digest), undefined],
            [tagKey(image, 'one'), undefined],
            [tagKey(image, 'two'), undefined],
          ]),
        () => registry.deleteManifest(image, document.digest),
        [202, 404],
      );
    },
  },
];

/** Entries of the audit log that say of an image that something was published or deleted. */
async function recorded(image: string): Promise<number> {
  const answer = await registry.send('POST', '/v2/entries:list', {
    type: 'application/json',
    body: encodeJson({
      resourceNames: ['projects/my-project'],
      filter: `protoPayload.resourceName:"/packages/${image}/" protoPayload.status.code=0`,
      pageSize: 1000,
    }),
  });
  expect(answer.status).toBe(200);
  const { entries = [] } = (await answer.json()) as { readonly entries?: readonly unknown[] };
  return entries.length;
}

/** From here on a change is on the disk, and so is what the audit log says of it. */
const COMMITTED = new Set<string>(['recorded', 'tidied'] satisfies readonly (typeof RECORD_STEPS)[number][]);

for (const { name, steps, prepare, isPublication = false } of KINDS)
  describe(`a server killed while ${name}`, () => {
    test.each(steps.map((step) => [step]))(
      'at the step "%s" keeps every promise',
      async (step) => {
        const image = `${name.replaceAll(' ', '-')}-${step}`;
        const { request, repeat } = await prepare(image);
        const before = await recorded(image);
        program.tell(step);
        await program.says(/^armed$/m);

        const answer = await request().then(
          ({ status }) => `it answered ${status}`,
          () => 'no answer',
        );
        expect(answer).toBe('no answer');
        expect(await program.ended()).toBe('SIGKILL');
        await restart();
        await verify(registry, ledger);
        expect((await recorded(image)) - before).toBe(Number(isPublication && COMMITTED.has(step)));
        await expectSound(data);
        await repeat();
        await verify(registry, ledger);
      },
      LIMIT_MS,
    );
  });

test(
  'the program itself takes over from there',
  async () => {
    await program.kill();
    program = await Program.start({ data });
    registry = registry.at(program.url);
    await verify(registry, ledger);
    await pushed('after-all', 'latest');
    await verify(registry, ledger);
    expect(await program.stop()).toBe(0);
    await expectSound(data);
  },
  LIMIT_MS,
);
