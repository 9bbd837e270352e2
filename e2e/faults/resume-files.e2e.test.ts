import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { PUBLISH_STEPS } from '../../server/stores/blobs/publish.ts';
import { APPEND_STEPS } from '../../server/stores/blobs/staged-upload.ts';
import { RECORD_STEPS } from '../../server/stores/metadata/repository-changes.ts';
import { noise } from '../fixtures/noise.ts';
import { freePort } from '../harness/free-port.ts';
import { type Bytes, digestOf, encodeJson } from '../harness/oci.ts';
import { type Scratch, scratch } from '../harness/scratch.ts';
import { expectSound } from './doctor.ts';
import { ENTREPOT, Program } from './program.ts';
import { Registry } from './registry.ts';

const SCRIPT = [Bun.fileURLToPath(import.meta.resolve('./crash-server.ts'))];
const LIMIT_MS = 120_000;
const PARENT = 'projects/my-project/locations/us-central1/repositories/files';
const PLAIN = '/us-central1-generic/my-project/files';
const STEPS = [...APPEND_STEPS, ...PUBLISH_STEPS, ...RECORD_STEPS];

let home: Scratch;
let data: string;
let program: Program;
let registry: Registry;
/** The same after each start: clients that were interrupted come back to where they were. */
const listen = `127.0.0.1:${freePort()}`;

async function start(): Promise<void> {
  program = await Program.start({ data, script: SCRIPT, flags: ['--listen', listen] });
}

beforeAll(async () => {
  home = await scratch('resume-files');
  data = join(home.path, 'data');
  await start();
  registry = await Registry.login(program.url);
  await registry.must(
    200,
    'POST',
    '/v1/projects/my-project/locations/us-central1/repositories?repositoryId=files',
    {
      type: 'application/json',
      body: encodeJson({ format: 'GENERIC' }),
    },
  );
}, LIMIT_MS);

afterAll(async () => {
  try {
    await program.kill();
  } finally {
    await home[Symbol.asyncDispose]();
  }
});

async function arm(step: string): Promise<void> {
  program.tell(step);
  await program.says(/^armed$/m);
}

async function killed(): Promise<void> {
  expect(await program.ended()).toBe('SIGKILL');
  await start();
}

/** The one file of a version is there, once, and nothing of its upload is left. */
async function whole(version: string, bytes: Bytes): Promise<void> {
  const listed = await registry.json<{ files: { path: string; size: number }[] }>(
    `${PLAIN}/tool/${version}/?recursive=true&format=json`,
  );
  expect(listed.files.map(({ path, size }) => [path, size])).toEqual([
    [`tool/${version}/large`, bytes.byteLength],
  ]);
  expect(digestOf(await registry.bytes(`${PLAIN}/tool/${version}/large`))).toBe(digestOf(bytes));
  await expectSound(data);
}

const part = (session: string, bytes: Bytes, from: number, total: number): Promise<Response> =>
  registry.send('PUT', session, {
    body: bytes,
    headers: { 'content-range': `bytes ${from}-${from + bytes.byteLength - 1}/${total}` },
  });

async function begun(version: string, size: number): Promise<string> {
  const answer = await registry.must(
    200,
    'POST',
    `/resumable/upload/v1/${PARENT}/genericArtifacts:create?uploadType=resumable`,
    {
      type: 'application/json',
      body: encodeJson({ packageId: 'tool', versionId: version, filename: 'large' }),
      headers: { 'x-upload-content-length': String(size) },
    },
  );
  const { pathname, search } = new URL(answer.headers.get('location') ?? '');
  return pathname + search;
}

describe('a server killed within an upload', () => {
  const FIRST = 256 * 1024;

  test.each(STEPS)(
    'in Google’s resumable form, at the step "%s", goes on with it',
    async (step) => {
      const version = `google-${step}`;
      const bytes = noise(STEPS.indexOf(step) + 1, 3 * FIRST);
      const total = bytes.byteLength;
      const session = await begun(version, total);
      expect((await part(session, bytes.subarray(0, FIRST), 0, total)).status).toBe(308);
      await arm(step);
      // The steps of a commit come with the last part, the others with any.
      const isMiddle = step === 'released';
      const sent = bytes.subarray(FIRST, isMiddle ? 2 * FIRST : total);
      expect(await part(session, sent, FIRST, total).catch(() => 'no answer')).toBe('no answer');
      await killed();

      const asked = await registry.send('PUT', session, { headers: { 'content-range': `bytes */${total}` } });
      if (asked.status === 308) {
        const offset = Number(/^bytes=0-(\d+)$/.exec(asked.headers.get('range') ?? '')?.[1]) + 1;
        expect(offset).toBeGreaterThanOrEqual(FIRST);
        const end = await part(session, bytes.subarray(offset), offset, total);
        expect([end.status, await end.json()]).toMatchObject([200, { operation: { done: true } }]);
      } else if (asked.status === 404) {
        // The session is over: what it was of is there, or it is sent anew.
        const again = await part(await begun(version, total), bytes, 0, total);
        expect([200, 409]).toContain(again.status);
      } else expect(asked.status).toBe(200);
      await whole(version, bytes);
    },
    LIMIT_MS,
  );

  test.each(['appended', ...PUBLISH_STEPS, ...RECORD_STEPS])(
    'by PUT, at the step "%s", has all of it or nothing, and takes it again',
    async (step) => {
      const version = `put-${step}`;
      const path = `${PLAIN}/tool/${version}/large`;
      const bytes = noise(100 + STEPS.indexOf(step), 2 * FIRST);
      await arm(step);
      expect(await registry.send('PUT', path, { body: bytes }).catch(() => 'no answer')).toBe('no answer');
      await killed();

      const found = await registry.send('GET', path);
      if (found.status === 200)
        expect(digestOf(new Uint8Array(await found.arrayBuffer()))).toBe(digestOf(bytes));
      else expect(found.status).toBe(404);
      expect((await registry.send('PUT', path, { body: bytes })).status).toBe(
        found.status === 200 ? 200 : 201,
      );
      await whole(version, bytes);
    },
    LIMIT_MS,
  );
});

describe('the command line, whose server is killed within an upload', () => {
  /** Two parts of it. */
  const LARGE = noise(7, 36 * 2 ** 20);

  test.each([
    ['artifacts generic upload', 'appended'],
    ['artifacts generic upload', 'directory-synced'],
    ['artifacts generic upload', 'recorded'],
    ['artifacts files upload', 'appended'],
    ['artifacts files upload', 'recorded'],
  ])(
    '%s goes on by itself, killed at the step "%s"',
    async (command, step) => {
      const version = `${command.split(' ').at(1)}-${step}`;
      const file = join(home.path, version, 'large');
      await Bun.write(file, LARGE);
      const to = command.includes('files')
        ? [`tool:${version}:large`]
        : ['--package=tool', `--version=${version}`];
      await arm(step);
      const child = Bun.spawn(
        [process.execPath, ENTREPOT, ...command.split(' '), ...to, `--source=${file}`, '--repository=files'],
        {
          env: {
            PATH: process.env['PATH'],
            HOME: join(home.path, version),
            ENTREPOT_SERVER: `http://${listen}`,
            ENTREPOT_ACCESS_TOKEN: registry.authorization.slice('Bearer '.length),
            ENTREPOT_PROJECT: 'my-project',
            ENTREPOT_LOCATION: 'us-central1',
          },
          stdin: 'ignore',
          stdout: 'ignore',
          stderr: 'pipe',
          timeout: LIMIT_MS,
          killSignal: 'SIGKILL',
        },
      );
      await killed();
      const said = await new Response(child.stderr).text();
      expect([await child.exited, said]).toEqual([
        0,
        expect.stringMatching(/checksums? verified|there already/),
      ]);
      await whole(version, LARGE);
    },
    LIMIT_MS,
  );
});
