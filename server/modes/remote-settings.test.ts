import { describe, expect, test } from 'bun:test';
import type { Format, FormatUpstream } from '../core/format.ts';
import type { RemoteSettings } from '../core/remote-settings.ts';
import { failureOf } from '../testing/failure-of.ts';
import { remoteSettings } from './remote-settings.ts';

const upstream = { presets: { CENTRAL: () => 'https://central.example/x/' } } as unknown as FormatUpstream;
const FORMAT: Pick<Format, 'id' | 'upstream'> = { id: 'THINGS', upstream };
const URI = 'https://up.example';
const COMMON = { commonRepository: { uri: URI } };
const NAME = 'projects/p/locations/us/repositories/r';
const HERE: RemoteSettings['upstream'] = {
  kind: 'here',
  repository: { project: 'p', location: 'us', repository: 'r' },
};
const server = (uri: string, ...tokenOrigins: readonly string[]): RemoteSettings['upstream'] => ({
  kind: 'server',
  uri,
  tokenOrigins,
});
const DEFAULTS: RemoteSettings = {
  upstream: server(URI),
  noCache: false,
  notFoundMaxAge: 60,
  staleWhileRevalidate: 0,
  forwardAudits: false,
  rules: { allow: [], deny: [], minimumReleaseAge: 0, minimumReleaseAgeExceptions: [], pinFirstSeen: false },
};
const read = (remoteRepositoryConfig: unknown, more: object = {}) =>
  remoteSettings({ remoteRepositoryConfig, ...more }, FORMAT);

describe('settings of a remote repository', () => {
  test.each<[string, object, RemoteSettings['upstream']]>([
    ['an address', COMMON, server(URI)],
    ['a custom address', { thingsRepository: { customRepository: { uri: URI } } }, server(URI)],
    [
      'a well-known one',
      { thingsRepository: { publicRepository: 'CENTRAL' } },
      server('https://central.example/x/'),
    ],
    ['a repository here', { commonRepository: { uri: NAME } }, HERE],
    [
      'hosts of tokens',
      { ...COMMON, tokenOrigins: ['https://a.example', 5] },
      server(URI, 'https://a.example'),
    ],
  ])('have %s as upstream', (_, config, wanted) => {
    expect(read(config).upstream).toEqual(wanted);
  });

  test('have the repository that an address of this server was resolved to', () => {
    expect(read(COMMON, { upstreamRepository: NAME }).upstream).toEqual(HERE);
  });

  test.each<[string, object, Partial<RemoteSettings>]>([
    ['nothing more', {}, {}],
    ['no cache', { noCache: {} }, { noCache: true }],
    ['questions passed on', { forwardAudits: true }, { forwardAudits: true }],
    [
      'ages',
      {
        cacheConfig: {
          indexMaxAge: '300s',
          fileMaxAge: '1.5s',
          notFoundMaxAge: '0s',
          staleWhileRevalidate: '60s',
        },
      },
      { indexMaxAge: 300, fileMaxAge: 1.5, notFoundMaxAge: 0, staleWhileRevalidate: 60 },
    ],
    [
      'rules',
      {
        safetyRules: {
          allow: ['a'],
          deny: ['b@1.*'],
          minimumReleaseAge: '259200s',
          minimumReleaseAgeExceptions: ['c'],
          pinFirstSeen: true,
        },
      },
      {
        rules: {
          allow: ['a'],
          deny: ['b@1.*'],
          minimumReleaseAge: 259_200_000,
          minimumReleaseAgeExceptions: ['c'],
          pinFirstSeen: true,
        },
      },
    ],
    [
      'what another version wrote',
      {
        cacheConfig: { indexMaxAge: 5 },
        safetyRules: { allow: 'all', minimumReleaseAge: 'soon' },
        future: 1,
      },
      {},
    ],
    ['messages that are none', { cacheConfig: null, safetyRules: 3, tokenOrigins: 'x' }, {}],
  ])('with %s', (_, config, wanted) => {
    expect(read({ ...COMMON, ...config })).toEqual({ ...DEFAULTS, ...wanted });
  });

  test.each<[string, unknown]>([
    ['none', undefined],
    ['an empty one', {}],
    ['one that this server does not know', { thingsRepository: { publicRepository: 'OTHER' } }],
    ['one that everything inherits', { thingsRepository: { publicRepository: 'constructor' } }],
  ])('without an upstream are refused: %s', async (_, config) => {
    expect(await failureOf((async () => read(config))())).toMatchObject({
      code: 'FAILED_PRECONDITION',
      reason: 'UPSTREAM_UNKNOWN',
      message: expect.stringContaining('not known to this server'),
    });
  });
});
