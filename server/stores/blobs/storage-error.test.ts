import { expect, test } from 'bun:test';
import { invalid } from '../../core/error.ts';
import { storageError } from './storage-error.ts';

test.each([
  ['ENOSPC', 'STORAGE_FULL', 507],
  ['EDQUOT', 'STORAGE_FULL', 507],
  ['EFBIG', 'STORAGE_FULL', 507],
  ['EROFS', 'STORAGE_READ_ONLY', 503],
  ['EACCES', 'STORAGE_READ_ONLY', 503],
  ['EPERM', 'STORAGE_READ_ONLY', 503],
  ['EMFILE', 'STORAGE_BUSY', 503],
  ['ENFILE', 'STORAGE_BUSY', 503],
  ['EIO', 'STORAGE_FAILED', 503],
  ['ENOENT', 'STORAGE_FAILED', 503],
])('%s is %s, answered with %i', (code, reason, status) => {
  const cause = Object.assign(new Error(`${code}: /var/lib/somewhere`), { code });
  const error = storageError(cause);
  expect(error).toMatchObject({ code: 'UNAVAILABLE', reason, status, cause });
  expect(error.message).not.toContain('/var');
});

test('what is busy or broken may be tried again', () => {
  for (const code of ['EMFILE', 'EIO'])
    expect(storageError(Object.assign(new Error(code), { code })).headers['retry-after']).toMatch(/^\d+$/);
});

test('errors of ours pass through', () => {
  const ours = invalid('SIZE_LIMIT', 'too long');
  expect(storageError(ours)).toBe(ours);
});
