import { expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { SecretSealer } from './sealed-secret.ts';

const KEY = new Uint8Array(32).fill(7);
const sealer = new SecretSealer(KEY, 'tests');

test('what was sealed is opened where it belongs, and nowhere else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer(), (secret, place) => {
      const sealed = sealer.seal(secret, place);
      expect(sealer.open(sealed, place)).toBe(secret);
      expect(sealer.open(sealed, place + 1)).toBeUndefined();
      expect(sealer.open(sealed, String(place))).toBeUndefined();
      expect(new SecretSealer(KEY, 'else').open(sealed, place)).toBeUndefined();
      expect(new SecretSealer(new Uint8Array(32), 'tests').open(sealed, place)).toBeUndefined();
    }),
  );
});

test('what was changed by one bit, or cut, is not opened', () => {
  const sealed = Buffer.from(sealer.seal('secret', 1), 'base64url');
  fc.assert(
    fc.property(fc.nat(sealed.length * 8 - 1), fc.nat(sealed.length - 1), (bit, length) => {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(sealer.open(changed.toString('base64url'), 1)).toBeUndefined();
      expect(sealer.open(sealed.subarray(0, length).toString('base64url'), 1)).toBeUndefined();
    }),
  );
});

test('one secret is sealed differently each time', () => {
  expect(new Set(Array.from({ length: 100 }, () => sealer.seal('secret', 1))).size).toBe(100);
});
