import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { digestOf } from '../harness/oci.ts';
import { sharedScratch } from '../harness/shared-scratch.ts';
import { blobKey, Ledger } from './ledger.ts';
import { entrepot, Program } from './program.ts';
import { blobPath, Registry } from './registry.ts';
import { verify } from './verify.ts';

const LIMIT_MS = 120_000;

const home = sharedScratch('locked');

test(
  'while another program holds the database, pulls go on; a push waits, and one that waits too long is told to come again',
  async () => {
    const data = join(home.path, 'data');
    await using program = await Program.start({ data });
    const registry = await Registry.login(program.url);
    const ledger = new Ledger();
    const push = async (seed: number): Promise<Response> => {
      const bytes = noise(seed, 20_000);
      const digest = digestOf(bytes);
      ledger.contents.set(digest, bytes);
      const change = ledger.begin('a push', [[blobKey('image', digest), digest]]);
      const answer = await registry.pushBlob('image', bytes);
      if (answer.status === 201) ledger.acknowledge(change);
      else ledger.refuse(change);
      return answer;
    };
    expect((await push(1)).status).toBe(201);
    const first = blobPath('image', digestOf(noise(1, 20_000)));
    const other = new Database(join(data, 'entrepot.db'));
    try {
      // A short time, in which whoever writes only waits.
      other.run('BEGIN IMMEDIATE');
      const short = push(2);
      for (let pull = 0; pull < 3; pull += 1) expect((await registry.send('GET', first)).status).toBe(200);
      other.run('COMMIT');
      expect((await short).status).toBe(201);

      // A time that is too long.
      other.run('BEGIN IMMEDIATE');
      const long = push(3);
      for (let pull = 0; pull < 20; pull += 1) expect((await registry.send('GET', first)).status).toBe(200);
      const refused = await long;
      expect({ status: refused.status, again: refused.headers.get('retry-after') }).toEqual({
        status: 503,
        again: '1',
      });
      expect(await refused.text()).toContain('the database is busy; try again');
      expect((await registry.send('GET', '/healthz')).status).toBe(200);
      other.run('ROLLBACK');
    } finally {
      other.close();
    }
    expect((await push(4)).status).toBe(201);
    await verify(registry, ledger);
    expect(await program.stop()).toBe(0);
    expect((await entrepot(['doctor', '--data', data, '--deep', '--reserve', '1MiB'])).code).toBe(0);
  },
  LIMIT_MS,
);
