import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClockFile } from './clock-file.ts';

let home: string;
let path: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'clock-'));
  path = join(home, 'clock');
});
afterEach(() => rm(home, { recursive: true }));

test('there is nothing before the first stamp, and then the last', async () => {
  expect(new ClockFile(path).read()).toBeUndefined();
  new ClockFile(path).write({ seenAt: 1, pausedUntil: 0 });
  new ClockFile(path).write({ seenAt: 2, pausedUntil: 3 });
  expect(new ClockFile(path).read()).toEqual({ seenAt: 2, pausedUntil: 3 });
  expect(await readdir(home)).toEqual(['clock']);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test.each(['', '{"seenAt":', 'null', '[]', '{"seenAt":"x"}', '\u0000\u0000'])(
  'a file with %j in it is one that knows of no time since the epoch',
  async (text) => {
    await writeFile(path, text);
    expect(new ClockFile(path).read()).toEqual({ seenAt: 0, pausedUntil: 0 });
  },
);

test('a directory that takes no writes stops nobody', async () => {
  const clock = new ClockFile(join(home, 'absent', 'clock'));
  expect(() => clock.write({ seenAt: 1, pausedUntil: 0 })).not.toThrow();
  expect(clock.read()).toBeUndefined();
});
