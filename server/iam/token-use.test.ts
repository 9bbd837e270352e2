import { describe, expect, it } from 'bun:test';
import { TestServer } from '../testing/harness.ts';
import { TokenUse } from './token-use.ts';
import { sha256 } from './tokens.ts';

const MINUTE = 60_000;

function collecting() {
  const written: [string, number][][] = [];
  const reported: unknown[] = [];
  const timers: (() => void)[] = [];
  const state = { now: 1, full: false };
  const use = new TokenUse({
    store: {
      recordUses: async (uses) => {
        if (state.full) throw new Error('full');
        written.push([...uses]);
      },
    },
    now: () => state.now,
    report: (cause) => reported.push(cause),
    later: (work, milliseconds) => {
      expect(milliseconds).toBe(MINUTE);
      timers.push(work);
      return { stop: () => timers.splice(timers.indexOf(work), 1) };
    },
  });
  return { use, written, reported, timers, state };
}

describe('the uses of tokens', () => {
  it('are written a minute after the first, together, each once', async () => {
    const { use, written, timers, state } = collecting();
    use.used('a');
    state.now = 2;
    use.used('b');
    use.used('a');
    expect([written, timers.length, use.lastUse('a'), use.lastUse('c')]).toEqual([[], 1, 2, undefined]);

    timers.shift()?.();
    await use.flush();

    expect(written).toEqual([
      [
        ['a', 2],
        ['b', 2],
      ],
    ]);
    use.used('c');
    expect(timers).toHaveLength(1);
  });

  it('are written at the end, and nothing where there is nothing', async () => {
    const { use, written, timers } = collecting();
    await use[Symbol.asyncDispose]();
    expect(written).toEqual([]);
    use.used('a');
    await use[Symbol.asyncDispose]();
    expect([written, timers]).toEqual([[[['a', 1]]], []]);
  });

  it('that cannot be written are kept for the next time', async () => {
    const { use, written, reported, state } = collecting();
    use.used('a');
    use.used('b');
    state.full = true;
    await use[Symbol.asyncDispose]();
    expect(reported).toHaveLength(1);
    state.full = false;
    state.now = 9;
    use.used('b');
    await use.flush();
    expect(written).toEqual([
      [
        ['a', 1],
        ['b', 9],
      ],
    ]);
  });
});

const started = async () => {
  const server = await TestServer.start();
  await server.tokens.addToken(sha256('ent_session'), {
    id: 'session',
    kind: 'session',
    of: 'admin',
    idleMs: 10 * MINUTE,
    expiresAt: server.clock.now() + 60 * MINUTE,
  });
  const { token } = (await (await server.send('GET', '/v2/token', { as: 'Bearer ent_session' })).json()) as {
    readonly token: string;
  };
  const status = async (as = 'Bearer ent_session') => (await server.send('GET', '/v2/', { as })).status;
  return { server, status, registry: `Bearer ${token}` };
};

describe('a token that is good only while it is used', () => {
  it('lives on by being used, until its end', async () => {
    const { server, status } = await started();
    await using _ = server;
    for (let minutes = 9; minutes < 60; minutes += 9) {
      server.clock.advance(9 * MINUTE);
      expect(await status()).toBe(200);
    }
    server.clock.advance(6 * MINUTE);
    expect(await status()).toBe(401);
  });

  it('ends unused, remembered or not, with the registry tokens it got', async () => {
    const { server, status, registry } = await started();
    await using _ = server;
    server.clock.advance(5 * MINUTE);
    expect([await status(), await status(registry)]).toEqual([200, 200]);
    server.clock.advance(10 * MINUTE - 1);
    expect([await status(), await status(registry)]).toEqual([200, 401]);
    server.clock.advance(10 * MINUTE);
    expect(await status()).toBe(401);
  });

  it('is written down at the end of the process, and moves no decision', async () => {
    const { server, status } = await started();
    const revision = () =>
      server.database.read.selectFrom('iam_revision').select('credentials').executeTakeFirstOrThrow();
    const before = await revision();
    server.clock.advance(MINUTE);
    expect(await status()).toBe(200);
    const { last_used_at: unwritten } = await lastUse(server);
    await server.app[Symbol.asyncDispose]();
    const { last_used_at: written } = await lastUse(server);
    expect([unwritten, written]).toEqual([null, server.clock.now()]);
    expect(await revision()).toEqual(before);
    await server.database[Symbol.asyncDispose]();
  });
});

const lastUse = (server: TestServer) =>
  server.database.read
    .selectFrom('access_token')
    .select('last_used_at')
    .where('id', '=', 'session')
    .executeTakeFirstOrThrow();
