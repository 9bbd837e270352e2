import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { digestOf } from '../harness/oci.ts';
import { type Scratch, scratch } from '../harness/scratch.ts';
import { Connection } from '../harness/connection.ts';
import { Program } from './program.ts';
import { blobPath, Registry } from './registry.ts';
import { until } from '../harness/until.ts';

const MIB = 1024 * 1024;
const LIMIT_MS = 120_000;
/** More than the kernel buffers for a client that does not read. */
const LARGE = noise(1, 48 * MIB);

let home: Scratch;
let data: string;
let registry: Registry;
beforeAll(async () => {
  home = await scratch('stop');
  data = join(home.path, 'data');
  await using program = await Program.start({ data });
  registry = await Registry.login(program.url);
  expect((await registry.pushBlob('large', LARGE)).status).toBe(201);
  expect(await program.stop()).toBe(0);
}, LIMIT_MS);
afterAll(() => home[Symbol.asyncDispose]());

/** Connects, and answers whether it was let in. */
const isLetIn = (host: string): Promise<boolean> =>
  Connection.open(host).then(
    (connection) => {
      connection[Symbol.dispose]();
      return true;
    },
    () => false,
  );

/** A download whose reader has stopped reading. */
async function slowDownload(program: Program): Promise<Connection> {
  const connection = await Connection.open(program.host);
  await connection.head('GET', blobPath('large', digestOf(LARGE)), { authorization: registry.authorization });
  await connection.until(({ received }) => received > 1000);
  connection.pause();
  return connection;
}

test(
  'a server that is asked to stop lets a slow download and a slow upload finish, and takes nothing new',
  async () => {
    await using program = await Program.start({ data });
    const bytes = noise(2, 4 * MIB);
    using download = await slowDownload(program);
    using upload = await Connection.open(program.host);
    const session = await registry.at(program.url).begin('slow');
    await upload.head('PUT', `${session}?digest=${digestOf(bytes)}`, {
      authorization: registry.authorization,
      'content-type': 'application/octet-stream',
      'content-length': String(bytes.byteLength),
    });
    await upload.write(bytes.subarray(0, 3 * MIB));
    await until('the upload has begun', async () => (await registry.at(program.url).offset(session)) > 0);

    program.signal('SIGTERM');
    await until('nothing new is let in', async () => !(await isLetIn(program.host)));
    await upload.write(bytes.subarray(3 * MIB));
    await upload.until(({ text }) => /^HTTP\/1.1 201 /.test(text));
    download.resume();
    await download.until(
      ({ received, text }) => received === LARGE.byteLength + text.indexOf('\r\n\r\n') + 4,
    );
    expect(await program.ended()).toBe(0);

    await using next = await Program.start({ data });
    expect(digestOf(await registry.at(next.url).bytes(blobPath('slow', digestOf(bytes))))).toBe(
      digestOf(bytes),
    );
  },
  LIMIT_MS,
);

test(
  'a server that is asked to stop waits no longer than it may',
  async () => {
    await using program = await Program.start({ data, flags: ['--drain', '1s'] });
    using _ = await slowDownload(program);

    const asked = performance.now();
    expect(await program.stop()).toBe(0);
    expect(performance.now() - asked).toBeGreaterThan(900);
  },
  LIMIT_MS,
);

test(
  'a server that is asked to stop does not wait for a connection that asks nothing',
  async () => {
    await using program = await Program.start({ data, flags: ['--drain', '1h'] });
    using idle = await Connection.open(program.host);
    await idle.head('GET', '/healthz', { connection: 'keep-alive' });
    await idle.until(({ text }) => text.endsWith('ok\n'));

    expect(await program.stop()).toBe(0);
  },
  LIMIT_MS,
);
