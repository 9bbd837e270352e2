import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { FORMATS } from './formats/index.ts';
import { ApiCaller, type Json, LOCATION } from './testing/api.ts';
import type { Place } from './testing/parity/answer.ts';
import { PLAIN } from './testing/parity/probes.ts';
import { ParityServer } from './testing/parity/repositories.ts';
import { type Read, sampleOf } from './testing/parity/sample.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const UNUSED = { action: 'DELETE', condition: { notPulledFor: `${30 * 86_400}s` } };
const USED = { action: 'KEEP', condition: { pulledWithin: `${10 * 86_400}s` } };

/** Every format is cleaned up alike, what was published as what was copied. */
describe.each(FORMATS.map((format) => [format.title, format] as const))('%s', (_, format) => {
  let server: ParityServer;
  let home: ParityServer;
  let admin: ApiCaller;
  beforeAll(async () => {
    [server, home] = [await ParityServer.start(format), await ParityServer.start(format)];
    admin = new ApiCaller(server.server);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  /** Versions by what becomes of them. */
  async function preview(place: Place, policies: Json): Promise<Record<'DELETE' | 'KEEP', readonly Json[]>> {
    const path = `${LOCATION}/repositories/${place.repository}:previewCleanup`;
    const answer = await admin.send('POST', path, { cleanupPolicies: policies });
    expect(answer.status).toBe(200);
    const lines: readonly Json[] = (await answer.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const decisions = lines.flatMap(({ decision }) => (decision ? [decision] : []));
    const of = (action: string) => decisions.filter((each) => each.action === action);
    return { DELETE: of('DELETE'), KEEP: of('KEEP') };
  }

  async function clean(place: Place, cleanupPolicies: Json): Promise<Json> {
    const name = `${LOCATION}/repositories/${place.repository}`;
    await admin.ok('PATCH', `${name}?updateMask=cleanupPolicies`, { cleanupPolicies });
    return (await admin.cleaned(name)).response;
  }

  const statuses = async (place: Place, reads: readonly Read[]): Promise<readonly number[]> => {
    const found: number[] = [];
    for (const read of reads)
      found.push(Number((await server.answer(place, read, PLAIN.GET, {}))?.get('status')));
    return found;
  };

  async function lives(place: Place, reads: readonly Read[]): Promise<void> {
    const { clock } = server.server;
    clock.advance(20 * DAY);
    const before = await statuses(place, reads);
    clock.advance(20 * DAY);
    const used = await preview(place, { unused: UNUSED });
    expect(used.KEEP.length).toBeGreaterThan(0);
    for (const { lastPullTime } of used.KEEP.filter(({ reason }) => reason === 'NO_POLICY'))
      expect(Date.parse(lastPullTime)).toBeWithin(clock.now() - 20 * DAY - HOUR, clock.now() - 20 * DAY + 1);
    clock.advance(11 * DAY);
    const unused = await preview(place, { unused: UNUSED });
    expect(unused.KEEP).toEqual([]);
    await statuses(place, reads);
    const again = await preview(place, {
      all: { action: 'DELETE', condition: { tagState: 'ANY' } },
      used: USED,
    });
    const kept = again.KEEP.filter(({ reason }) => reason === 'KEEP_POLICY');
    expect(kept.length).toBeGreaterThan(0);
    for (const { policy } of kept) expect(policy).toBe('used');
    expect(before.filter((status) => status === 200).length).toBeGreaterThan(0);
  }

  test('what is published goes when nobody pulls it any more', async () => {
    const place = await server.standard();
    const reads = await sampleOf(format).publish(server.server, place.repository);
    await lives(place, reads);
    server.server.clock.advance(40 * DAY);
    const { deletedCount, keptCount } = await clean(place, { unused: UNUSED });
    expect([Number(deletedCount) > 0, keptCount]).toEqual([true, '0']);
    expect((await statuses(place, reads)).filter((status) => status >= 500)).toEqual([]);
  });

  test('so does what is copied', async () => {
    const source = await home.standard();
    const reads = await sampleOf(format).publish(home.server, source.repository);
    const place = await server.remote(source);
    const before = await statuses(place, reads);
    await lives(place, reads);
    server.server.clock.advance(40 * DAY);
    const { deletedCount, keptCount } = await clean(place, { unused: UNUSED });
    expect([Number(deletedCount) > 0, keptCount]).toEqual([true, '0']);
    // It is fetched again for whoever wants it.
    expect(await statuses(place, reads)).toEqual(before);
  });
});
