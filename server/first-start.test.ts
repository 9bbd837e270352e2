import { describe, expect, test } from 'bun:test';
import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { buildApp } from './app.ts';
import { parseConfig } from './config.ts';
import { DataDirectory } from './stores/data-directory.ts';
import { basic, temporary } from './testing/harness.ts';

/** Starts on a directory, asks, and stops; answers the password that was made up and what a log-in got. */
async function started(root: string, adminPassword: string | undefined, tried: string) {
  const directory = new DataDirectory(root);
  const config = parseConfig({ argv: ['--data', root, '--reserve', '0KiB'], env: {}, readFile: () => '' });
  const log = { write: () => undefined, flush: () => undefined };
  await using app = await buildApp({
    config,
    directory,
    log,
    now: Date.now,
    ...(adminPassword !== undefined && { adminPassword }),
  });
  const login = async (password: string) => {
    const request = new Request('http://any/v2/', {
      headers: { host: 'localhost', authorization: basic('admin', password) },
    });
    return (await app.door.answer(request, { route: '', sent: 0 }, () => 'peer')).status;
  };
  return {
    madeUp: app.madeUpPassword,
    kept: directory.initialPassword,
    login: await login(app.madeUpPassword ?? tried),
  };
}

describe('a first start', () => {
  test('makes a password up, keeps it for its owner alone, and does so once', async () => {
    const root = await temporary();
    try {
      const first = await started(root, undefined, '');
      const second = await started(root, 'ignored now', first.madeUp ?? '');

      expect(first.madeUp).toMatch(/^[\w-]{24}$/);
      expect(readFileSync(first.kept, 'utf8')).toBe(`${first.madeUp}\n`);
      expect((lstatSync(first.kept).mode & 0o777).toString(8)).toBe('600');
      expect([first.login, second.login, second.madeUp]).toEqual([200, 200, undefined]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test('takes the operator’s password, and writes it nowhere', async () => {
    const root = await temporary();
    try {
      const { madeUp, kept, login } = await started(root, 'chosen', 'chosen');

      expect([madeUp, login]).toEqual([undefined, 200]);
      expect(() => lstatSync(kept)).toThrow();
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
