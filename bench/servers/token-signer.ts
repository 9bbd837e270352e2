import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { join } from 'node:path';
import { run } from '../load/run-program.ts';

/** Signs registry tokens that distribution accepts (distribution, docs/spec/auth/jwt.md). */
export interface TokenSigner {
  readonly issuer: string;
  readonly audience: string;
  /** Path of the PEM certificate that the registry is told to trust. */
  readonly certificate: string;
  sign(repository: string): string;
}

const LIFETIME_SECONDS = 3600;

/** RS256, the cheapest of distribution's algorithms to verify, named by key id so that no chain is walked. */
export async function makeSigner(directory: string): Promise<TokenSigner> {
  const keyFile = join(directory, 'token.key');
  const certificate = join(directory, 'token.crt');
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=bench', '-days', '2'];
  await run(['openssl', ...request, '-keyout', keyFile, '-out', certificate], { seconds: 30 });
  const key = createPrivateKey(await Bun.file(keyFile).text());
  const header = { typ: 'JWT', alg: 'RS256', kid: libtrustKeyId(createPublicKey(key)) };
  const issuer = 'bench-issuer';
  const audience = 'bench-registry';
  return {
    issuer,
    audience,
    certificate,
    sign(repository) {
      const now = Math.floor(Date.now() / 1000);
      const claims = {
        iss: issuer,
        sub: 'bench',
        aud: audience,
        iat: now,
        nbf: now - 10,
        exp: now + LIFETIME_SECONDS,
        jti: crypto.randomUUID(),
        access: [{ type: 'repository', name: repository, actions: ['pull', 'push'] }],
      };
      const text = `${segment(header)}.${segment(claims)}`;
      return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
    },
  };
}

const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** First 240 bits of SHA-256 over the DER public key, base32, in twelve groups of four. */
function libtrustKeyId(key: KeyObject): string {
  const digest = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
  const bits = [...digest.subarray(0, 30)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const symbols = (bits.match(/.{5}/g) ?? []).map(
    (five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)],
  );
  return (symbols.join('').match(/.{4}/g) ?? []).join(':');
}
