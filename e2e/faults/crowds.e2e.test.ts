import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { Connection } from '../harness/connection.ts';
import { digestOf } from '../harness/oci.ts';
import { sharedScratch } from '../harness/shared-scratch.ts';
import { until } from '../harness/until.ts';
import { blobKey, Ledger } from './ledger.ts';
import { Program } from './program.ts';
import { blobPath, Registry } from './registry.ts';
import { verify } from './verify.ts';

const MIB = 1024 * 1024;
const LIMIT_MS = 300_000;
const STALLED = 500;
const PULLERS = 2_000;
const MOST_RESIDENT = 500 * MIB;

const home = sharedScratch('crowds');
const data = (): string => join(home.path, 'data');

const noProc = existsSync('/proc/self/limits')
  ? undefined
  : 'there is no /proc to read limits and memory from';
if (noProc !== undefined) console.warn(`skipped crowds of clients: ${noProc}`);

/** As many of `wanted` as this process, which has the other end of each, may open. */
function possible(wanted: number): number {
  const soft = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  return Math.min(wanted, soft - 200);
}

/** The most memory that a process ever had, in bytes (proc(5), VmHWM). */
const mostResident = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** The digest of a body that is taken as it comes and never held. */
async function pulledDigest(
  client: Connection,
  path: string,
  authorization: string,
  size: number,
): Promise<string> {
  const hash = createHash('sha256');
  await client.head('GET', path, { authorization, connection: 'close' });
  await client.until(({ text }) => text.includes('\r\n\r\n'));
  const head = client.take(client.text.indexOf('\r\n\r\n') + 4).toString();
  if (!head.startsWith('HTTP/1.1 200')) throw new Error(`answered ${head}`);
  await client.pour(size, (bytes) => void hash.update(bytes));
  client[Symbol.dispose]();
  return `sha256:${hash.digest('hex')}`;
}

describe.skipIf(noProc !== undefined)('many clients at once', () => {
  test(
    `${STALLED} clients that stop reading in the middle of a download stop no one else, and cost little memory`,
    async () => {
      await using program = await Program.start({ data: data() });
      const registry = await Registry.login(program.url);
      const ledger = new Ledger();
      const large = noise(1, 24 * MIB);
      expect((await registry.pushBlob('large', large)).status).toBe(201);
      const { authorization } = registry;
      const stalled = await Promise.all(
        (await Connection.openMany(program.host, possible(STALLED))).map(async (client) => {
          await client.head('GET', blobPath('large', digestOf(large)), { authorization });
          await client.until(({ received }) => received > 0);
          client.pause();
          return client;
        }),
      );
      try {
        for (let seed = 10; seed < 20; seed += 1) {
          const bytes = noise(seed, 50_000);
          const digest = digestOf(bytes);
          ledger.contents.set(digest, bytes);
          const change = ledger.begin('a push beside them', [[blobKey('others', digest), digest]]);
          expect((await registry.pushBlob('others', bytes)).status).toBe(201);
          ledger.acknowledge(change);
        }
        await verify(registry, ledger);
        expect(stalled.every(({ closed }) => !closed)).toBe(true);
        expect(mostResident(program.pid)).toBeLessThan(MOST_RESIDENT);
      } finally {
        for (const client of stalled) client[Symbol.dispose]();
      }
      expect(await program.stop()).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    `${PULLERS} clients that pull at once all get every byte, from a server that stays small`,
    async () => {
      await using program = await Program.start({ data: data() });
      const registry = await Registry.login(program.url);
      const layer = noise(2, MIB);
      expect((await registry.pushBlob('popular', layer)).status).toBe(201);
      const path = blobPath('popular', digestOf(layer));

      const pullers = await Connection.openMany(program.host, possible(PULLERS));
      const pulled = await Promise.all(
        pullers.map((puller) => pulledDigest(puller, path, registry.authorization, layer.byteLength)),
      );

      expect(new Set(pulled)).toEqual(new Set([digestOf(layer)]));
      expect(mostResident(program.pid)).toBeLessThan(MOST_RESIDENT);
      expect(await program.stop()).toBe(0);
    },
    LIMIT_MS,
  );
});

test(
  'requests on top of the limit are told to come again, in the words of their protocol, and probes go on',
  async () => {
    const most = 4;
    await using program = await Program.start({ data: data(), flags: ['--max-requests', String(most)] });
    const registry = await Registry.login(program.url);
    const { authorization } = registry;
    const bytes = noise(3, 4 * MIB);
    const path = `/v2/gcr.io/my-project/full/blobs/uploads/?digest=${digestOf(bytes)}`;
    const uploads = await Promise.all(
      Array.from({ length: most }, async () => {
        const upload = await Connection.open(program.host);
        await upload.head('POST', path, { authorization, 'content-length': String(bytes.byteLength) });
        await upload.write(bytes.subarray(0, MIB));
        return upload;
      }),
    );
    try {
      const underWay = async (): Promise<number> => {
        const metrics = await (await registry.must(200, 'GET', '/metrics')).text();
        return Number(/^entrepot_http_requests_under_way (\d+)$/m.exec(metrics)?.[1]);
      };
      await until('all uploads are under way', async () => (await underWay()) === most + 1);

      const pull = await registry.send('GET', '/v2/_catalog');
      expect({
        status: pull.status,
        again: pull.headers.get('retry-after'),
        body: await pull.json(),
      }).toEqual({
        status: 503,
        again: '1',
        body: {
          errors: [
            {
              code: 'UNAVAILABLE',
              message: 'the server has too many requests at once; try again',
            },
          ],
        },
      });
      const managed = await registry.send('GET', '/v1/projects');
      expect({ status: managed.status, body: await managed.json() }).toEqual({
        status: 503,
        body: { error: expect.objectContaining({ code: 503, status: 'UNAVAILABLE' }) },
      });
      expect((await registry.send('GET', '/healthz')).status).toBe(200);
      expect((await registry.send('GET', '/readyz')).status).toBe(200);

      for (const upload of uploads) await upload.write(bytes.subarray(MIB));
      for (const upload of uploads) await upload.until(({ text }) => text.startsWith('HTTP/1.1 201'));
      expect((await registry.send('GET', '/v2/_catalog')).status).toBe(200);
    } finally {
      for (const upload of uploads) upload[Symbol.dispose]();
    }
    expect(await program.stop()).toBe(0);
  },
  LIMIT_MS,
);
