import { beforeAll, describe, expect, it } from 'bun:test';
import { jwtVerify } from 'jose';
import { RegistryError } from '../core/error.ts';
import type { Outbound, OutboundAnswer } from '../core/outbound.ts';
import { failureOf } from '../testing/failure-of.ts';
import { Clock } from '../testing/harness.ts';
import { TestIssuer } from '../testing/issuer.ts';
import { IssuerKeys, parseKeySet } from './federation-keys.ts';

const ISSUER = 'https://token.example.com';
const DISCOVERY = `${ISSUER}/.well-known/openid-configuration`;
const KEYS = `${ISSUER}/keys`;

/** An issuer's server that answers what the test says, and counts. */
class Answering implements Outbound {
  readonly asked: string[] = [];
  readonly documents = new Map<string, unknown>([[DISCOVERY, { issuer: ISSUER, jwks_uri: KEYS }]]);
  failing: RegistryError | undefined;

  async fetch(url: URL): Promise<OutboundAnswer> {
    this.asked.push(url.href);
    await Promise.resolve();
    if (this.failing) throw this.failing;
    const document = this.documents.get(url.href);
    const text = typeof document === 'string' ? document : JSON.stringify(document ?? {});
    return {
      url,
      status: document === undefined ? 404 : 200,
      headers: new Headers(),
      body: new TextEncoder().encode(text),
    };
  }
}

let first: TestIssuer;
let second: TestIssuer;
beforeAll(async () => {
  first = await TestIssuer.make(ISSUER, 'ES256', 'one');
  second = await TestIssuer.make(ISSUER, 'ES256', 'two');
});

async function started(keys: readonly TestIssuer[]) {
  const [outbound, clock] = [new Answering(), new Clock()];
  const publish = async (published: readonly TestIssuer[]) => {
    const all = await Promise.all(published.map((issuer) => issuer.publicKey()));
    outbound.documents.set(KEYS, { keys: all });
  };
  await publish(keys);
  const issuers = new IssuerKeys({ outbound, now: clock.now });
  const verify = async (by: TestIssuer) =>
    jwtVerify(await by.sign({ sub: 'x' }), issuers.keysOf({ issuerUri: ISSUER, allowedAudiences: [] }));
  return { outbound, clock, publish, verify };
}

describe('the keys of an issuer', () => {
  it('are asked for once, also by many at once, and again when they are old', async () => {
    const { outbound, clock, verify } = await started([first]);

    await Promise.all(Array.from({ length: 20 }, () => verify(first)));
    await verify(first);
    expect(outbound.asked).toEqual([DISCOVERY, KEYS]);

    clock.advance(10 * 60_000);
    await verify(first);
    expect(outbound.asked).toHaveLength(4);
  });

  it('are asked for again for a key that is new, and not as often as somebody likes', async () => {
    const { outbound, clock, publish, verify } = await started([first]);
    await verify(first);

    expect(await failureOf(verify(second))).toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    expect(outbound.asked).toHaveLength(2);
    clock.advance(30_000);
    await publish([first, second]);
    await verify(second);
    expect(outbound.asked).toHaveLength(4);
    for (let attempt = 0; attempt < 5; attempt += 1)
      await failureOf(verify(await TestIssuer.make(ISSUER, 'ES256')));
    expect(outbound.asked).toHaveLength(4);
  });

  it('that were taken back are believed for ten minutes at most', async () => {
    const { clock, publish, verify } = await started([first]);
    await verify(first);

    await publish([second]);
    clock.advance(10 * 60_000);

    expect(await failureOf(verify(first))).toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });

  it('are nothing while the issuer is away, which is asked again soon', async () => {
    const { outbound, clock, verify } = await started([first]);
    outbound.failing = new RegistryError('DEADLINE_EXCEEDED', 'UPSTREAM_SLOW', 'it did not answer in time');

    for (let attempt = 0; attempt < 5; attempt += 1)
      expect(await failureOf(verify(first))).toMatchObject({
        code: 'UNAVAILABLE',
        reason: 'temporarily_unavailable',
        status: 503,
        headers: { 'retry-after': '5' },
      });
    expect(outbound.asked).toHaveLength(1);

    outbound.failing = undefined;
    clock.advance(5_000);
    await verify(first);
  });

  it('stay known for a while when they cannot be asked for again', async () => {
    const { outbound, clock, verify } = await started([first]);
    await verify(first);
    outbound.failing = new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', 'it is away');
    clock.advance(30_000);

    expect(await failureOf(verify(second))).toMatchObject({ reason: 'temporarily_unavailable' });
    await verify(first);
    expect(await failureOf(verify(second))).toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    expect(outbound.asked).toHaveLength(3);

    clock.advance(10 * 60_000);
    expect(await failureOf(verify(first))).toMatchObject({ reason: 'temporarily_unavailable' });
  });

  const bad: readonly (readonly [string, string, unknown])[] = [
    ['a discovery document that is not there', DISCOVERY, undefined],
    ['one that is no JSON', DISCOVERY, '<html>'],
    ['one that is a list', DISCOVERY, []],
    ['one of another issuer', DISCOVERY, { issuer: `${ISSUER}/`, jwks_uri: KEYS }],
    ['one without keys', DISCOVERY, { issuer: ISSUER }],
    ['keys in the clear', DISCOVERY, { issuer: ISSUER, jwks_uri: 'http://token.example.com/keys' }],
    ['keys in a file', DISCOVERY, { issuer: ISSUER, jwks_uri: 'file:///etc/passwd' }],
    ['a key set that is none', KEYS, { keys: 'x' }],
    ['a key set of nothing', KEYS, { keys: [1] }],
    ['too many keys', KEYS, { keys: Array.from({ length: 101 }, () => ({ kty: 'RSA' })) }],
  ];
  it.each(bad)('are not had from %s', async (_, at, document) => {
    const { outbound, verify } = await started([first]);
    outbound.documents.set(at, document);

    expect(await failureOf(verify(first))).toMatchObject({ reason: 'temporarily_unavailable' });
  });

  it('of a path are found below it', async () => {
    const outbound = new Answering();
    const issuerUri = 'https://gitlab.example.com/ci/';
    outbound.documents.set('https://gitlab.example.com/ci/.well-known/openid-configuration', {
      issuer: issuerUri,
      jwks_uri: KEYS,
    });
    outbound.documents.set(KEYS, { keys: [await first.publicKey()] });
    const keys = new IssuerKeys({ outbound, now: new Clock().now }).keysOf({
      issuerUri,
      allowedAudiences: [],
    });

    await jwtVerify(await first.sign({}), keys);
  });
});

describe('a key set', () => {
  it.each([
    ['nonsense', 'it is not JSON'],
    ['[]', 'it is not a key set'],
    ['{"keys":{}}', 'it is not a key set'],
    ['{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}', 'only RSA and EC'],
    ['{"keys":[{"kty":"RSA","n":"x","e":"AQAB","d":"secret"}]}', 'is private'],
  ])('is not %s', (text, says) => {
    expect(() => parseKeySet(text)).toThrow(says);
  });
});
