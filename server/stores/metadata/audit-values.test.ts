import { describe, expect, it } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { withoutSecrets } from './audit-values.ts';

describe('what is kept of a request', () => {
  it.each([0, 2])('has nothing of a private key that was sent where a public one belongs (%p)', (spaces) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = privateKey.export({ format: 'jwk' });
    const { n, d, p, q } = jwk;
    for (const key of [jwk, { kty: 'RSA', d, p, q }]) {
      const jwksJson = JSON.stringify({ keys: [key] }, undefined, spaces);
      const kept = JSON.stringify(
        withoutSecrets({ provider: { oidc: { jwksJson } }, many: Array(20).fill(jwksJson) }),
      );

      expect(kept).toContain('[redacted]');
      for (const part of [d, p, q]) expect(kept).not.toContain(part?.slice(0, 20) ?? '');
    }
    expect(JSON.stringify(withoutSecrets({ jwksJson: JSON.stringify({ kty: 'RSA', n }) }))).toContain(
      n?.slice(0, 20) ?? '',
    );
  });
});
