import { expect, test } from 'bun:test';
import { notFound } from '../../core/error.ts';
import type { SeenFetch } from '../../core/fetch-leases.ts';
import { noise } from '../../testing/contracts/bodies.ts';
import { FollowedBytes } from './followed-bytes.ts';
import { LEASE_MS } from './sharing.ts';
import { watchOther } from './watch-other.ts';

const NOW = 1_000_000;
const fetching = (upload: string, more: Partial<SeenFetch> = {}): SeenFetch => ({
  upload,
  leaseUntil: NOW + LEASE_MS,
  kept: false,
  ...more,
});
const one = fetching('one');

const unused = async (): Promise<never> => {
  throw new Error('only looks');
};

/** What a process that looks sees, one look after the other. Of the upload `gone` nothing is left. */
const watch = async (looks: readonly (SeenFetch | undefined)[]) => {
  const rest = looks.values();
  let shown = false;
  const outcome = await watchOther(
    { repositoryId: 1, what: 'file a', expected: {} },
    {
      leases: {
        find: () => {
          const { done, value } = rest.next();
          if (done) throw new Error('looked once too often');
          return value;
        },
        claim: unused,
        update: unused,
        release: unused,
      },
      now: () => NOW,
      newId: () => '',
      pause: async () => undefined,
      every: () => () => undefined,
      failed: () => undefined,
    },
    {
      blobs: {
        follow: async (upload) => {
          if (upload === 'gone') throw notFound('BLOB_UPLOAD');
          return { size: async () => 5, read: async () => noise(5), close: async () => undefined };
        },
      },
      bytes: new FollowedBytes(),
      show: () => {
        shown = true;
      },
      shown: () => shown,
      check: () => undefined,
    },
  );
  return { outcome, shown };
};

test.each<[string, readonly (SeenFetch | undefined)[], 'free' | 'kept' | 'failed', boolean]>([
  ['nobody fetches it', [undefined], 'free', false],
  ['it was kept before', [{ ...one, kept: true }], 'free', false],
  ['it is kept', [one, one, { ...one, kept: true }], 'kept', true],
  ['it fails', [one, undefined], 'failed', true],
  ['its process dies', [one, { ...one, leaseUntil: NOW - 1 }], 'free', true],
  ['the clock was put back', [fetching('one', { leaseUntil: NOW + LEASE_MS + 1 })], 'free', true],
  ['it goes on in another upload', [one, fetching('two'), fetching('two', { kept: true })], 'kept', true],
  ['another upload was kept than was read', [one, fetching('gone', { kept: true })], 'failed', true],
  ['it was over too soon to be read', [fetching('gone'), fetching('gone', { kept: true })], 'kept', false],
  ['its length is known before it comes', [fetching('gone', { size: 5 }), undefined], 'failed', false],
])('where %s, the outcome is known', async (_, looks, outcome, shown) => {
  expect(await watch(looks)).toEqual({ outcome, shown });
});
