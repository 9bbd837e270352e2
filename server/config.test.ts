import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { type Config, ConfigError, parseConfig, settingsHelp } from './config.ts';
import { LOCATIONS } from './locations.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';

interface Given {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The text of entrepot.yaml. */
  readonly file?: string;
}
const parse = ({ argv = [], env = {}, file }: Given): Config =>
  parseConfig({
    argv: file === undefined ? argv : ['--config', 'entrepot.yaml', ...argv],
    env,
    readFile: (path) => {
      if (path !== 'entrepot.yaml' || file === undefined) throw new Error(`no such file: ${path}`);
      return file;
    },
  });
const complaint = (given: Given): string => {
  try {
    parse(given);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('it was understood');
};

describe('a setting', () => {
  test('has a default', () => {
    expect(parse({})).toMatchObject({
      listen: { hostname: '127.0.0.1', port: 8080 },
      data: './entrepot-data',
      domain: undefined,
      publicUrl: undefined,
      locations: LOCATIONS,
      tlsCert: undefined,
      tlsKey: undefined,
      workers: 1,
      accessLog: 'changes',
      uploadExpiry: 24 * 3_600_000,
      reserve: 256 * 2 ** 20,
      drain: 30_000,
    });
  });

  test('comes from a flag before its variable, from that before the file, from that before the default', () => {
    const file = 'workers: 4';
    const env = { ENTREPOT_WORKERS: '3' };

    expect(parse({ file }).workers).toBe(4);
    expect(parse({ file, env }).workers).toBe(3);
    expect(parse({ file, env, argv: ['--workers', '2'] }).workers).toBe(2);
    expect(parse({ argv: ['--workers=2', '--workers', '5'] }).workers).toBe(5);
  });

  test('that is empty in one place is looked for in the next', () => {
    expect(parse({ file: 'workers: 4', env: { ENTREPOT_WORKERS: '' } }).workers).toBe(4);
    expect(parse({ env: { ENTREPOT_DOMAIN: '' } }).domain).toBeUndefined();
  });

  test('may be in a file that a variable names', () => {
    const env = { ENTREPOT_CONFIG_FILE: 'there.yaml' };

    expect(parseConfig({ argv: [], env, readFile: (path) => `data: /from/${path}` }).data).toBe(
      '/from/there.yaml',
    );
  });

  interface Row {
    readonly name: string;
    readonly text: string;
    readonly key: keyof Config;
    readonly value: unknown;
  }
  const rows: readonly Row[] = [
    { name: 'listen', text: '0.0.0.0:80', key: 'listen', value: { hostname: '0.0.0.0', port: 80 } },
    { name: 'listen', text: '127.0.0.1:0', key: 'listen', value: { hostname: '127.0.0.1', port: 0 } },
    { name: 'listen', text: ':8080', key: 'listen', value: { hostname: '0.0.0.0', port: 8080 } },
    { name: 'listen', text: '[::]:8080', key: 'listen', value: { hostname: '::', port: 8080 } },
    {
      name: 'listen',
      text: 'registry.local:65535',
      key: 'listen',
      value: { hostname: 'registry.local', port: 65_535 },
    },
    { name: 'data', text: '/var/lib/entre pot', key: 'data', value: '/var/lib/entre pot' },
    { name: 'database', text: 'sqlite', key: 'database', value: 'sqlite' },
    { name: 'blobs', text: 'files', key: 'blobs', value: 'files' },
    { name: 'domain', text: 'pkg.example.com', key: 'domain', value: 'pkg.example.com' },
    { name: 'public-url', text: 'https://r.example.com', key: 'publicUrl', value: 'https://r.example.com' },
    {
      name: 'public-url',
      text: 'http://r.example.com:8080/',
      key: 'publicUrl',
      value: 'http://r.example.com:8080',
    },
    { name: 'locations', text: 'us, europe,us', key: 'locations', value: ['europe', 'us'] },
    {
      name: 'allow-upstream-hosts',
      text: 'nexus.corp:8081,10.0.0.7',
      key: 'allowUpstreamHosts',
      value: [{ hostname: 'nexus.corp', port: 8081 }, { hostname: '10.0.0.7' }],
    },
    {
      name: 'egress-proxy',
      text: 'http://jo:pa%3Ass@proxy.corp:3128',
      key: 'egressProxy',
      value: { url: new URL('http://proxy.corp:3128'), authorization: `Basic ${btoa('jo:pa:ss')}` },
    },
    { name: 'egress-ca', text: '/etc/corp.pem', key: 'egressCa', value: '/etc/corp.pem' },
    { name: 'oidc-name', text: 'Example Inc.', key: 'oidcName', value: 'Example Inc.' },
    { name: 'oidc-scopes', text: 'email groups', key: 'oidcScopes', value: ['email', 'groups'] },
    {
      name: 'oidc-allowed-domains',
      text: 'Example.com,example.org',
      key: 'oidcAllowedDomains',
      value: ['example.com', 'example.org'],
    },
    { name: 'oidc-create-users', text: 'false', key: 'oidcCreateUsers', value: false },
    { name: 'workers', text: '64', key: 'workers', value: 64 },
    { name: 'access-log', text: 'none', key: 'accessLog', value: 'none' },
    { name: 'upload-expiry', text: '90s', key: 'uploadExpiry', value: 90_000 },
    { name: 'upload-expiry', text: '7d', key: 'uploadExpiry', value: 7 * 86_400_000 },
    { name: 'reserve', text: '0KiB', key: 'reserve', value: 0 },
    { name: 'reserve', text: '2TiB', key: 'reserve', value: 2 * 2 ** 40 },
    { name: 'drain', text: '15m', key: 'drain', value: 900_000 },
  ];
  test.each(rows)('$name may be "$text", wherever it is written', ({ name, text, key, value }) => {
    const variable = `ENTREPOT_${name.toUpperCase().replaceAll('-', '_')}`;

    for (const given of [
      { argv: [`--${name}`, text] },
      { argv: [`--${name}=${text}`] },
      { env: { [variable]: text } },
      { file: `${name}: ${JSON.stringify(text)}` },
    ])
      expect(parse(given)[key] as unknown).toEqual(value);
  });

  test.each([
    ['listen', '8080', 'HOST:PORT'],
    ['listen', 'localhost', 'HOST:PORT'],
    ['listen', 'localhost:65536', 'HOST:PORT'],
    ['listen', '::1:80', 'HOST:PORT'],
    ['listen', 'a b:80', 'HOST:PORT'],
    ['database', 'mysql://x', 'sqlite'],
    ['blobs', 's3://bucket', 'files'],
    ['domain', 'https://pkg.example.com', 'domain name'],
    ['domain', 'Pkg.Example.com', 'lower case'],
    ['domain', 'pkg..com', 'domain name'],
    ['domain', '-pkg.com', 'domain name'],
    ['domain', 'pkg.com:80', 'domain name'],
    ['public-url', 'registry.example.com', 'URL'],
    ['public-url', 'https://example.com/registry', 'without a path'],
    ['public-url', 'https://example.com/?x', 'without a path'],
    ['public-url', 'ftp://example.com', 'URL'],
    ['public-url', 'https://me:secret@example.com', 'URL'],
    ['locations', 'us,Europe', '"Europe"'],
    ['locations', 'us,,eu', '""'],
    ['locations', 'us-docker/x', 'location id'],
    ['allow-upstream-hosts', 'http://nexus', '"http://nexus" is not a host'],
    ['allow-upstream-hosts', 'a,b:99999', '"b:99999" is not a host'],
    ['egress-proxy', 'proxy.corp:3128', 'http://proxy.corp.example:3128'],
    ['egress-proxy', 'socks5://proxy.corp', 'http://proxy.corp.example:3128'],
    ['oidc-issuer', 'login.example.com', 'https://'],
    ['oidc-issuer', 'https://u:p@login.example.com', 'https://'],
    ['oidc-issuer', 'https://login.example.com/?a=b', 'https://'],
    ['oidc-allowed-domains', '@example.com', 'domain name'],
    ['oidc-create-users', 'yes', 'true or false'],
    ['workers', '0', 'from 1 to 64'],
    ['workers', '65', 'from 1 to 64'],
    ['workers', '1.5', 'from 1 to 64'],
    ['workers', 'two', 'from 1 to 64'],
    ['access-log', 'some', 'all, changes, none'],
    ['upload-expiry', '24', '24h'],
    ['upload-expiry', '1h30m', '24h'],
    ['upload-expiry', '-1h', '24h'],
    ['reserve', '256', '512MiB'],
    ['reserve', '256MB', '512MiB'],
    ['reserve', '1.5GiB', '512MiB'],
    ['drain', 'soon', '30s'],
  ])('%s may not be "%s", and the complaint says where it is and what to write', (name, text, hint) => {
    const variable = `ENTREPOT_${name.toUpperCase().replaceAll('-', '_')}`;

    for (const [given, where] of [
      [{ argv: [`--${name}`, text] }, `--${name}`],
      [{ env: { [variable]: text } }, variable],
      [{ file: `${name}: ${JSON.stringify(text)}` }, `entrepot.yaml: ${name}`],
    ] as const) {
      expect(complaint(given)).toStartWith(`${where} is "${text}": `);
      expect(complaint(given)).toContain(hint);
    }
  });
});

describe('what is not understood stops the start', () => {
  test.each<[string, Given, string]>([
    ['an unknown flag', { argv: ['--lisen', ':80'] }, '--lisen is not a setting'],
    ['a word', { argv: ['serve'] }, 'serve is not a setting'],
    ['a short flag', { argv: ['-p', '80'] }, '-p is not a setting'],
    ['a flag without its value', { argv: ['--data'] }, '--data needs a value'],
    ['a flag where a value was expected', { argv: ['--data', '--listen', ':80'] }, '--data needs a value'],
    ['a flag named like something of JavaScript’s', { argv: ['--constructor', 'x'] }, 'is not a setting'],
    ['an unknown key', { file: 'lisen: ":80"' }, 'entrepot.yaml: lisen is not a setting'],
    ['a key named like a variable', { file: 'ENTREPOT_DATA: x' }, 'is not a setting'],
    ['a key with keys', { file: 'listen:\n  port: 80' }, 'listen is not one value'],
    ['a key with nothing', { file: 'data:' }, 'data is not one value'],
    ['a list where one value belongs', { file: 'data: [a, b]' }, 'data is not one value'],
    ['a file that is a list', { file: '- listen' }, 'is not a list of'],
    ['a file that is a text', { file: 'listen' }, 'is not a list of'],
    ['a file that is no YAML', { file: 'listen: [' }, 'entrepot.yaml cannot be read'],
    ['a file that is not there', { argv: ['--config', 'absent.yaml'] }, 'absent.yaml cannot be read'],
    ['a certificate without its key', { argv: ['--tls-cert', 'a.pem'] }, '--tls-key'],
    [
      'a provider without a registration',
      { argv: ['--oidc-issuer', 'https://login.test'] },
      '--oidc-client-id',
    ],
    ['a registration without a provider', { argv: ['--oidc-client-id', 'x'] }, '--oidc-issuer'],
    ['a secret without a provider', { argv: ['--oidc-client-secret-file', 'x'] }, '--oidc-issuer'],
    [
      'a provider that is not encrypted',
      { argv: ['--oidc-issuer', 'http://login.test:81/a', '--oidc-client-id', 'x'] },
      '--allow-upstream-hosts login.test:81',
    ],
    ['a key without its certificate', { file: 'tls-key: a.pem' }, '--tls-cert'],
  ])('%s', (_, given, words) => {
    expect(complaint(given)).toContain(words);
  });

  test('and everything else is understood or complained about, whatever it is', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(...Object.values(SETTINGS).map(({ name }) => `--${name}`)),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), (argv) => {
        try {
          parse({ argv });
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a file', () => {
  test('may be empty, or have numbers and lists as YAML writes them', () => {
    expect(parse({ file: '' })).toEqual(parse({}));
    expect(parse({ file: '# only a comment' })).toEqual(parse({}));
    expect(parse({ file: 'workers: 2\nlocations: [us, europe]' })).toMatchObject({
      workers: 2,
      locations: ['europe', 'us'],
    });
  });
});

describe('the help', () => {
  const settings: readonly Setting<unknown>[] = Object.values(SETTINGS);

  test.each(settings.map((setting) => [setting.name, setting] as const))('lists --%s', (name, setting) => {
    const line = settingsHelp()
      .split('\n')
      .find((each) => each.trimStart().startsWith(`--${name} `));

    expect(line).toContain(setting.placeholder);
    expect(line).toContain(setting.help);
    expect(line).toContain(`ENTREPOT_${name.toUpperCase().replaceAll('-', '_')}`);
    expect(line).toContain(`default: ${setting.usual}`);
  });

  test('names defaults that are the defaults', () => {
    for (const setting of settings) {
      const { name, usual, initial } = setting;
      if (/none|taken|those/.test(usual)) continue;
      expect([name, setting.parse(usual)]).toEqual([name, initial]);
    }
  });
});
