import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from './config.ts';
import { openOutbound } from './open-outbound.ts';
import { SecureServer } from './testing/secure-server.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'egress-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const openWith = (text: string) => {
  const file = join(folder, 'ca.pem');
  writeFileSync(file, text);
  const argv = ['--egress-ca', file, '--allow-upstream-hosts', 'localhost'];
  return openOutbound(parseConfig({ argv, env: {}, readFile: () => '' }), Date.now);
};

describe('a file of certificate authorities', () => {
  it.skipIf(Bun.which('openssl') === null)('is believed by all that asks other servers', async () => {
    await using secure = await SecureServer.start('localhost');
    using outward = openWith(`# ours\n${secure.cert}\n`);
    const uri = `https://localhost:${secure.port}`;

    const { status } = await outward.outbound.fetch(new URL(uri), { maxBytes: 10 });
    const answer = await outward.upstreams.open({ uri }).fetch({ target: 'x', maxBytes: 10 });

    expect([status, answer.kind]).toEqual([200, 'found']);
  });

  it.each([
    ['has none', 'hello', 'has no certificate'],
    ['is damaged', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'cannot be read'],
  ])('that %s stops the start', (_, text, why) => {
    expect(() => openWith(text)).toThrow(why);
  });

  it('that is not there stops the start', () => {
    const argv = ['--egress-ca', join(folder, 'absent.pem')];

    expect(() => openOutbound(parseConfig({ argv, env: {}, readFile: () => '' }), Date.now)).toThrow(
      'absent.pem cannot be read: give a file of certificates in PEM',
    );
  });
});
