import { expect, test } from 'bun:test';
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

const home = sharedScratch('resume');

test(
  'an upload goes on after SIGKILL in the middle of a chunk, at the offset that the server reports',
  async () => {
    const data = join(home.path, 'data');
    const bytes = noise(1, 8 * MIB);
    const digest = digestOf(bytes);
    const before = await Program.start({ data });
    let registry = await Registry.login(before.url);
    const upload = await registry.begin('resumed');
    expect((await registry.append(upload, bytes.subarray(0, MIB), 0)).status).toBe(202);
    using sender = await Connection.open(before.host);
    await sender.head('PATCH', upload, {
      authorization: registry.authorization,
      'content-type': 'application/octet-stream',
      'content-length': String(7 * MIB),
      'content-range': `${MIB}-${8 * MIB - 1}`,
    });
    await sender.write(bytes.subarray(MIB, 4 * MIB));
    await until(
      'some of the second chunk is on the disk',
      async () => (await registry.offset(upload)) > 2 * MIB,
    );
    await before.kill();

    await using after = await Program.start({ data });
    registry = registry.at(after.url);
    const offset = await registry.offset(upload);
    expect(offset).toBeGreaterThan(2 * MIB);
    expect(offset).toBeLessThanOrEqual(4 * MIB);
    const gap = await registry.append(upload, bytes.subarray(offset + 10), offset + 10);
    expect({ status: gap.status, range: gap.headers.get('range') }).toEqual({
      status: 416,
      range: `0-${offset - 1}`,
    });
    const repeated = await registry.append(upload, bytes.subarray(0, MIB), 0);
    expect(repeated.status).toBe(416);
    expect((await registry.append(upload, bytes.subarray(offset, 6 * MIB), offset)).status).toBe(202);
    expect((await registry.finish(upload, digest, bytes.subarray(6 * MIB))).status).toBe(201);

    expect(digestOf(await registry.bytes(blobPath('resumed', digest)))).toBe(digest);
    expect((await registry.send('GET', upload)).status).toBe(404);
  },
  LIMIT_MS,
);
