import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { FORMATS } from './formats/index.ts';
import { almost, type Recorded, recorded } from './testing/hostile.ts';
import { ParityServer } from './testing/parity/repositories.ts';
import { sampleOf } from './testing/parity/sample.ts';

/** More of them, such as 20000, are for a machine with time. */
const RUNS = Number(process.env['ENTREPOT_FUZZ_RUNS'] ?? 600);
const SEED = Number(process.env['ENTREPOT_FUZZ_SEED'] ?? 1);
const LIMIT_MS = 60_000 + RUNS * 100;

/** Statuses that say what is wrong with a request, or that it is none of what is wrong with it. */
const isRefusal = (status: number): boolean => status < 500 || status === 501;

describe.each(FORMATS.map((format) => [format.title, format] as const))('%s', (_, format) => {
  let home: ParityServer;
  let requests: readonly Recorded[];

  beforeAll(async () => {
    home = await ParityServer.start(format);
    const sample = sampleOf(format);
    const standard = await home.standard();
    const remote = await home.remote(standard);
    const virtual = await home.virtual(standard, remote);
    requests = await recorded(home.server, async () => {
      const reads = await sample.publish(home.server, standard.repository);
      for (const place of [standard, remote, virtual])
        for (const read of reads) await home.known(place, read);
    });
  });
  afterAll(() => home[Symbol.asyncDispose]());

  test(
    'answers any request that is almost one of a client, and none of them as a failure of its own',
    async () => {
      const { server } = home;
      await fc.assert(
        fc.asyncProperty(almost(requests), async ({ method, path, headers, body }) => {
          const known = server.logged.length;
          const answer = await server
            .send(method, path, {
              headers,
              ...(method !== 'GET' && method !== 'HEAD' && body.byteLength > 0 && { body }),
            })
            .catch((error: unknown) => {
              // The runtime refuses some headers and addresses before they are sent.
              if (error instanceof TypeError) return undefined;
              throw error;
            });
          if (!answer) return;
          await answer.arrayBuffer();
          const failures = server.logged.slice(known).filter(({ level }) => level === 'error');
          expect({ status: answer.status, refused: isRefusal(answer.status), failures }).toEqual({
            status: answer.status,
            refused: true,
            failures: [],
          });
        }),
        { numRuns: RUNS, seed: SEED },
      );
      expect((await server.send('GET', '/readyz', { as: null })).status).toBe(200);
    },
    LIMIT_MS,
  );
});
