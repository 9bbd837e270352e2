import { expect, test } from 'bun:test';
import type { Command } from '../../core/format.ts';
import { notFound, RegistryError } from '../../core/error.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { mountBlob } from './mount.ts';
import { digestOf } from './names.ts';

const DIGEST = digestOf(`sha256:${'a'.repeat(64)}`);
const BLOB = { digest: `sha256:${'a'.repeat(64)}`, size: 1, generation: 'g' } as const;

/** A command that finds the blob elsewhere, and cannot have it. */
const command = (refusal: RegistryError) =>
  ({
    query: new URLSearchParams(),
    repo: {
      link: async () => {
        throw refusal;
      },
    },
    elsewhere: { holding: async () => ({ path: 'p', freshness: 'immutable', blob: BLOB }) },
  }) as unknown as Command;

test('a blob that is deleted between the look and the mount is one that is not there', async () => {
  const mounted = await mountBlob(command(notFound('BLOB', { digest: BLOB.digest })), 'image', DIGEST);
  expect(mounted).toBeUndefined();
});

test('a mount that fails for another reason says so', async () => {
  const busy = new RegistryError('UNAVAILABLE', 'BUSY', 'not now');
  expect(await failureOf(mountBlob(command(busy), 'image', DIGEST))).toBe(busy);
});
