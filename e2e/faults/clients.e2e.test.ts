import { expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { digestOf } from '../harness/oci.ts';
import { sharedScratch } from '../harness/shared-scratch.ts';
import { Connection } from '../harness/connection.ts';
import { Program } from './program.ts';
import { blobPath, Registry } from './registry.ts';
import { until } from '../harness/until.ts';

const MIB = 1024 * 1024;
const LIMIT_MS = 120_000;
const LARGE = noise(1, 24 * MIB);
const SLOW_SENDERS = 1_000;

const home = sharedScratch('clients');
const data = (): string => join(home.path, 'data');

/** That others are served: a push and a pull while those who are in the way stay there. */
async function servesOthers(registry: Registry, seed: number): Promise<void> {
  const bytes = noise(seed, 50_000);
  const digest = digestOf(bytes);
  const path = `/v2/gcr.io/my-project/others/blobs/uploads/?digest=${digest}`;
  expect((await registry.send('POST', path, { body: bytes })).status).toBe(201);
  const pulled = await registry.send('GET', blobPath('others', digest));
  expect(digestOf(new Uint8Array(await pulled.arrayBuffer()))).toBe(digest);
}

const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

test(
  'clients that vanish in the middle of uploads and downloads cost nothing that stays, and stop no one else',
  async () => {
    await using program = await Program.start({ data: data() });
    const registry = await Registry.login(program.url);
    const { authorization } = registry;
    expect((await registry.pushBlob('large', LARGE)).status).toBe(201);
    await servesOthers(registry, 10);
    const before = existsSync('/proc/self/fd') ? descriptorsOf(program.pid) : undefined;
    const sessions: string[] = [];

    for (let round = 0; round < 10; round += 1) {
      const session = await registry.begin('vanished');
      sessions.push(session);
      using uploader = await Connection.open(program.host);
      await uploader.head('PATCH', session, { authorization, 'content-length': String(8 * MIB) });
      await uploader.write(LARGE.subarray(0, 2 * MIB));
      using putter = await Connection.open(program.host);
      const monolithic = `/v2/gcr.io/my-project/vanished/blobs/uploads/?digest=${digestOf(LARGE)}`;
      await putter.head('POST', monolithic, { authorization, 'content-length': String(LARGE.byteLength) });
      await putter.write(LARGE.subarray(0, MIB));
      using downloader = await Connection.open(program.host);
      await downloader.head('GET', blobPath('large', digestOf(LARGE)), { authorization });
      await downloader.until(({ received }) => received > 100_000);
      await until('the chunk has begun', async () => (await registry.offset(session)) > 0);
    }
    await servesOthers(registry, 11);

    expect((await registry.send('HEAD', blobPath('vanished', digestOf(LARGE)))).status).toBe(404);
    for (const session of sessions) {
      let status = 0;
      // The request that vanished still has the upload until the server has seen that its client is gone.
      await until('the upload is free', async () => {
        const from = await registry.offset(session);
        const answer = await registry.append(session, LARGE.subarray(from, from + 1000), from);
        ({ status } = answer);
        return status !== 409;
      });
      expect(status).toBe(202);
      const from = await registry.offset(session);
      expect((await registry.finish(session, digestOf(LARGE), LARGE.subarray(from))).status).toBe(201);
    }
    if (before !== undefined)
      await until('descriptors are given back', () => descriptorsOf(program.pid) <= before + 5);
    expect(await program.stop()).toBe(0);
    expect(program.output).not.toContain('"level":"error"');
  },
  LIMIT_MS,
);

/** As many as this process, which has the other end of each, may open. */
function possibleSenders(): number {
  const limits = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 256);
  return Math.min(SLOW_SENDERS, soft - 200);
}

test(
  'a thousand clients that send their headers a byte at a time stop no one else',
  async () => {
    await using program = await Program.start({ data: data() });
    const registry = await Registry.login(program.url);
    const senders = await Connection.openMany(program.host, possibleSenders());
    try {
      const line = 'GET /v2/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ';
      await Promise.all(senders.map((sender) => sender.write(line)));
      for (let round = 0; round < 5; round += 1) {
        await Promise.all(senders.filter(({ closed }) => !closed).map((sender) => sender.write('x')));
        await servesOthers(registry, 20 + round);
      }
      expect(senders.length).toBeGreaterThan(50);
    } finally {
      for (const sender of senders) sender[Symbol.dispose]();
    }
    await servesOthers(registry, 30);
  },
  LIMIT_MS,
);

test(
  'a server that runs out of descriptors says so, and serves again once it has some',
  async () => {
    const under = ['sh', '-c', 'ulimit -n 120; exec "$@"', 'sh'];
    await using program = await Program.start({ data: data(), under });
    const registry = await Registry.login(program.url);
    const { authorization } = registry;
    const bytes = noise(50, 600_000);
    expect((await registry.pushBlob('large', bytes)).status).toBe(201);
    using before = await Connection.open(program.host);
    await before.head('GET', '/healthz', {});
    await before.until(({ text }) => text.endsWith('ok\n'));
    const senders = await Promise.all(Array.from({ length: 150 }, () => Connection.open(program.host)));
    await Promise.all(senders.map((sender) => sender.write('GET /v2/ HTTP/1.1\r\n')));
    if (existsSync('/proc/self/fd'))
      await until('all descriptors are in use', () => descriptorsOf(program.pid) >= 119);
    await before.head('GET', blobPath('large', digestOf(bytes)), { authorization });
    await before.until(({ text }) =>
      /HTTP\/1\.1 503 .*\r\nretry-after: 1\r\n.*too many files are open\n$/s.test(text),
    );
    await before.head('POST', '/v2/gcr.io/my-project/large/blobs/uploads/', {
      authorization,
      'content-length': '0',
    });
    await before.until(({ text }) =>
      /HTTP\/1\.1 503 .*HTTP\/1\.1 503 .*"too many files are open"/s.test(text),
    );
    for (const sender of senders) sender[Symbol.dispose]();

    await until('it answers', () =>
      registry.send('GET', '/healthz', { signal: AbortSignal.timeout(10_000) }).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    await servesOthers(registry, 40);
    expect(await program.stop()).toBe(0);
  },
  LIMIT_MS,
);
