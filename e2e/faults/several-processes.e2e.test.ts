import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { digestOf, encodeJson } from '../harness/oci.ts';
import { type Scratch, scratch } from '../harness/scratch.ts';
import { Connection } from '../harness/connection.ts';
import { freePort } from '../harness/free-port.ts';
import { Program } from './program.ts';
import { PUBLISHING } from './publishing.ts';
import { blobPath, imageDocument, manifestPath, Registry } from './registry.ts';
import { until } from '../harness/until.ts';

const LIMIT_MS = 120_000;

let home: Scratch;
let data: string;
beforeEach(async () => {
  home = await scratch('processes');
  data = join(home.path, 'data');
});
afterEach(() => home[Symbol.asyncDispose]());

const failureOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'it started', String);

test(
  'a second server on one data directory says why it will not start, and the first does not notice',
  async () => {
    await using first = await Program.start({ data });
    const registry = await Registry.login(first.url);

    const refusal = await failureOf(Program.start({ data }));
    expect(refusal).toContain('the server ended before it listened, with 1\n');
    expect(refusal).toContain(
      `entrepot: another server is using ${data}; stop it, or give this one its own --data\n`,
    );
    expect((await registry.pushBlob('image', noise(1, 1000))).status).toBe(201);
    expect(await first.stop()).toBe(0);
    await using next = await Program.start({ data });
    await registry.at(next.url).bytes(blobPath('image', digestOf(noise(1, 1000))));
  },
  LIMIT_MS,
);

/** Process ids of the children of a process (proc(5), /proc/pid/task/tid/children). */
const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

const startTwo = (drain = '3s'): Promise<Program> =>
  Program.start({ data, flags: ['--workers', '2', '--listen', `127.0.0.1:${freePort()}`, '--drain', drain] });

const noProc = existsSync('/proc/self/task') ? undefined : 'there is no /proc to find the processes in';
if (noProc !== undefined) console.warn(`skipped several processes: ${noProc}`);

describe.skipIf(noProc !== undefined)('two processes on one port', () => {
  test(
    'take a chunked upload and a push between them',
    async () => {
      await using program = await startTwo();
      const registry = await Registry.login(program.url);
      const CHUNKS = 40;
      const chunk = 5_000;
      const bytes = noise(1, CHUNKS * chunk);
      const upload = await registry.begin('shared');
      for (let at = 0; at < CHUNKS; at += 1) {
        const answer = await registry.append(
          upload,
          bytes.subarray(at * chunk, (at + 1) * chunk),
          at * chunk,
        );
        expect({ at, status: answer.status, text: await answer.text() }).toEqual({
          at,
          status: 202,
          text: '',
        });
      }
      expect((await registry.finish(upload, digestOf(bytes))).status).toBe(201);

      // Each process counts for itself: that none counted all chunks says that both took some.
      const counts = new Set<number>();
      for (let asked = 0; asked < 40; asked += 1) {
        const metrics = await (await registry.must(200, 'GET', '/metrics')).text();
        counts.add(
          Number(
            /^entrepot_http_requests_total\{.*method="PATCH".*status="202".*\} (\d+)$/m.exec(metrics)?.[1],
          ),
        );
      }
      expect([...counts].every((count) => count > 0 && count < CHUNKS)).toBe(true);

      const config = noise(2, 500);
      expect((await registry.pushBlob('shared', config)).status).toBe(201);
      const image = imageDocument({ config, layers: [bytes] });
      // What one process has just acknowledged, the other must know.
      for (let at = 0; at < 20; at += 1) {
        expect((await registry.putManifest('shared', `tag-${at}`, image)).status).toBe(201);
        expect(digestOf(await registry.bytes(manifestPath('shared', `tag-${at}`)))).toBe(image.digest);
        expect((await registry.deleteManifest('shared', `tag-${at}`)).status).toBe(202);
        expect((await registry.send('GET', manifestPath('shared', `tag-${at}`))).status).toBe(404);
      }
      expect(digestOf(await registry.bytes(blobPath('shared', digestOf(bytes))))).toBe(digestOf(bytes));
    },
    LIMIT_MS,
  );

  test.each(PUBLISHING.map((publishing) => [publishing.format, publishing] as const))(
    'both have a version of %s in a long index as soon as one of them acknowledged it, and the next ones too',
    async (_, publishing) => {
      await using program = await startTwo();
      const registry = await Registry.login(program.url);
      await registry.must(
        200,
        'POST',
        '/v1/projects/my-project/locations/us-central1/repositories?repositoryId=packages',
        { type: 'application/json', body: encodeJson({ format: publishing.format }) },
      );
      const expected: string[] = [];
      for (let at = 0; at < 24; at += 1) {
        const made = await publishing.make('packages', 'popular', `1.0.${at}`);
        expect((await made.send(registry)).ok).toBe(true);
        expected.push(made.version);
        // Not after each, so that some changes find a document that was read since it was made, and others one that was not.
        if (at % 4 === 3) continue;
        const readers = Array.from({ length: 4 }, () => publishing.listed(registry, 'packages', 'popular'));
        for (const listed of await Promise.all(readers))
          expect([...listed.keys()].toSorted()).toEqual(expected.toSorted());
      }
      await program.kill();
      await using next = await startTwo();
      const listed = await publishing.listed(registry.at(next.url), 'packages', 'popular');
      expect([...listed.keys()].toSorted()).toEqual(expected.toSorted());
    },
    LIMIT_MS,
  );

  test(
    'stop when their parent is asked to',
    async () => {
      await using program = await startTwo();
      const children = childrenOf(program.pid);
      expect(children).toHaveLength(2);

      expect(await program.stop()).toBe(0);
      expect(children.filter(isAlive)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'stop when one of them is killed, and say so',
    async () => {
      await using program = await startTwo();
      const children = childrenOf(program.pid);
      process.kill(children[0] ?? 0, 'SIGKILL');

      expect(await program.ended()).toBe(137);
      expect(program.output).toContain(
        'entrepot: one of the 2 processes ended by itself (137); so do the others\n',
      );
      expect(children.filter(isAlive)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'hold the data directory until both have ended, when their parent is killed',
    async () => {
      await using program = await startTwo('1h');
      const children = childrenOf(program.pid);
      const registry = await Registry.login(program.url);
      const upload = await registry.begin('orphan');
      // A request under way keeps a process for as long as it may drain.
      using slow = await Connection.open(program.host);
      await slow.head('PATCH', upload, {
        authorization: registry.authorization,
        'content-length': '9999999',
      });
      await slow.write(noise(1, 2_000_000));
      await until('the chunk has begun', async () => (await registry.offset(upload)) > 0);

      await program.kill();
      expect(children.some(isAlive)).toBe(true);
      expect(await failureOf(Program.start({ data }))).toContain('another server is using');

      slow[Symbol.dispose]();
      await until('both have ended', () => !children.some(isAlive));
      await using next = await Program.start({ data });
      expect(await registry.at(next.url).offset(upload)).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );
});
