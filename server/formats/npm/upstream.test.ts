import { describe, expect, test } from 'bun:test';
import type { IndexReader, Listing } from '../../core/index-kind.ts';
import type { FetchedFile } from '../../core/format.ts';
import { failureOf } from '../../testing/failure-of.ts';
import { npmUpstream } from './upstream.ts';

const SHA512 = 'ab'.repeat(64);
const PATH = '@acme/a/-/a-1.0.0.tgz';
const listed = {
  version: '1.0.0',
  target: 'https://files.example/odd/name.tgz',
  checksums: [{ algorithm: 'sha512', hex: SHA512 }],
} as const;
const ref = (path: string) =>
  ({ path, freshness: 'immutable', coordinates: { package: '@acme/a', version: '1.0.0' } }) as const;

/** An upstream whose packument announces one tarball. */
const reader = {
  index: async (_kind: unknown, { of }: { of: string }) => {
    const listing: Listing = new Map(of === '@acme/a' ? [[PATH, listed]] : []);
    return { value: async () => undefined, listing: async () => listing };
  },
} as unknown as IndexReader;

describe('a tarball of an upstream', () => {
  test('is where its packument says, and what it says', async () => {
    expect(await npmUpstream.locate(ref(PATH), reader)).toEqual(listed);
  });

  test('that its packument does not name is not there', async () => {
    const other = ref('@acme/a/-/a-9.0.0.tgz');
    expect(await failureOf(Promise.resolve(npmUpstream.locate(other, reader)))).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('is its version once it came', async () => {
    const fetched = { ref: ref(PATH), blob: { size: 7, checksums: [] }, listed } as unknown as FetchedFile;
    expect(await npmUpstream.adopt(fetched, reader, {})).toEqual({
      package: '@acme/a',
      version: '1.0.0',
      size: 7,
      attributes: { dist: { integrity: `sha512-${Buffer.from(SHA512, 'hex').toString('base64')}` } },
    });
  });
});

describe('attestations of an upstream', () => {
  const path = '@acme/a/-/a-1.0.0.attestations.json';

  test('are where registries have them', async () => {
    expect(await npmUpstream.locate(ref(path), reader)).toMatchObject({
      target: '-/npm/v1/attestations/@acme%2fa@1.0.0',
    });
  });

  const fetched = (body: string) =>
    ({
      ref: ref(path),
      blob: { size: body.length, checksums: [] },
      read: async () => new TextEncoder().encode(body),
    }) as unknown as FetchedFile;

  test('make no version', async () => {
    expect(await npmUpstream.adopt(fetched('{"attestations":[]}'), reader, {})).toBeUndefined();
  });

  test.each(['<!doctype html><title>Log in</title>', '{"error":"busy"}', '[]', '', '{"attestations":{}}'])(
    'are not what is none: %j',
    async (body) => {
      expect(await failureOf(npmUpstream.adopt(fetched(body), reader, {}))).toMatchObject({
        code: 'DATA_LOSS',
        reason: 'UPSTREAM_BROKEN',
      });
    },
  );
});

test.each<readonly [says: string, status: number, body: string, isOne: boolean]>([
  ['pings', 200, '{}', true],
  ['wants credentials', 401, 'who are you?', true],
  ['has no ping', 404, '{"error":"Not found"}', true],
  ['answers as an image registry does', 404, '{"errors":[{"code":"NAME_UNKNOWN"}]}', false],
  ['is a web site', 200, '<!doctype html>', false],
  ['has a list', 200, '[]', false],
])('what %s is a registry, or not', (_, status, body, isOne) => {
  expect(npmUpstream.probe.accepts({ status, headers: new Headers(), body })).toBe(isOne);
});

test('the public registry is known by its origin', () => {
  const address = new URL(npmUpstream.presets['NPMJS']?.() ?? '');
  expect([address.protocol, address.pathname]).toEqual(['https:', '/']);
});
