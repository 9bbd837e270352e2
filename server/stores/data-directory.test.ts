import { afterEach, beforeEach, expect, test } from 'bun:test';
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory, dataPaths } from './data-directory.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'data-'));
});
afterEach(() => rm(root, { recursive: true }));

test('an installation keeps its key', () => {
  const key = new DataDirectory(root).signingKey();

  expect(key).toHaveLength(32);
  expect(new DataDirectory(root).signingKey()).toEqual(key);
  expect(statSync(dataPaths(root).signingKey).mode & 0o777).toBe(0o600);
});

test('a key that is cut short is not replaced by another', () => {
  const directory = new DataDirectory(root);
  writeFileSync(dataPaths(root).signingKey, 'short');

  expect(() => directory.signingKey()).toThrow('is not a key of at least 32 bytes; restore it from a backup');
  expect(readFileSync(dataPaths(root).signingKey, 'utf8')).toBe('short');
});

test('a secret takes the place of what an interrupted start left', () => {
  const directory = new DataDirectory(root);
  const path = directory.initialPassword;
  writeFileSync(path, 'of an account that was never made\n', { mode: 0o644 });
  writeFileSync(`${path}.new`, 'ha', { mode: 0o644 });

  directory.writeSecret(path, 'whole\n');
  expect(readFileSync(path, 'utf8')).toBe('whole\n');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(root)).not.toContain('initial-admin-password.new');
});

test('a directory is held by one server, and given back', () => {
  {
    using first = new DataDirectory(root);
    first.lock();
    using second = new DataDirectory(root);
    expect(() => second.lock()).toThrow(
      `another server is using ${root}; stop it, or give this one its own --data`,
    );
  }
  using next = new DataDirectory(root);
  next.lock();
});

test('a worker that was not handed the lock does not start', () => {
  using parent = new DataDirectory(root);
  const lock = parent.lock();
  const worker = new DataDirectory(root);
  const own = openSync(dataPaths(root).lock, 'r');
  const other = openSync('/dev/null', 'r');

  const refusal = `the lock of ${root} was not handed on to this process`;
  expect(() => worker.inheritLock(own)).toThrow(refusal);
  expect(() => worker.inheritLock(other)).toThrow(refusal);
  worker.inheritLock(lock);
  closeSync(own);
  closeSync(other);
});
