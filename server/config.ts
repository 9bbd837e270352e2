import { isAllowed } from './outbound/allowed-hosts.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';

export type Config = { readonly [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K]['initial'] };

interface Sources {
  /** What follows `serve`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file that exists. */
  readonly readFile: (path: string) => string;
}

/** A setting that is not understood. The server does not start. */
export class ConfigError extends Error {}

const LIST: readonly [keyof Config, Setting<unknown>][] = Object.entries(SETTINGS) as [
  keyof Config,
  Setting<unknown>,
][];
const BY_NAME = new Map(LIST.map(([key, setting]) => [setting.name, key]));
const envName = (name: string): string => `ENTREPOT_${name.toUpperCase().replaceAll('-', '_')}`;

/** Flag, then environment, then file, then default. Either everything is understood, or ConfigError says what was not. */
export function parseConfig({ argv, env, readFile }: Sources): Config {
  const flags = parseFlags(argv);
  const path = flags.get('config') ?? env['ENTREPOT_CONFIG_FILE'];
  const file = path === undefined ? new Map<string, string>() : parseFile(path, readFile);
  const values = LIST.map(([key, setting]) => {
    const sources = [
      [`--${setting.name}`, flags.get(setting.name)],
      [envName(setting.name), env[envName(setting.name)]],
      [`${path}: ${setting.name}`, file.get(setting.name)],
    ] as const;
    const [where, given] = sources.find(([, value]) => value !== undefined && value !== '') ?? [];
    return [key, given === undefined ? setting.initial : parseValue(setting, given, where ?? '')];
  });
  const config = Object.fromEntries(values) as Config;
  if ((config.tlsCert === undefined) !== (config.tlsKey === undefined))
    throw new ConfigError('--tls-cert and --tls-key go together: give both or neither');
  checkProvider(config);
  return config;
}

/** The settings of the OpenID Connect provider belong together, and what it says must arrive as it was said. */
function checkProvider({ oidcIssuer, oidcClientId, oidcClientSecretFile, allowUpstreamHosts }: Config): void {
  if ((oidcIssuer === undefined) !== (oidcClientId === undefined))
    throw new ConfigError('--oidc-issuer and --oidc-client-id go together: give both or neither');
  if (oidcIssuer === undefined && oidcClientSecretFile !== undefined)
    throw new ConfigError('--oidc-client-secret-file needs --oidc-issuer');
  const url = oidcIssuer === undefined ? null : URL.parse(oidcIssuer);
  if (url?.protocol !== 'http:' || /^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)) return;
  if (!isAllowed(allowUpstreamHosts, url))
    throw new ConfigError(
      `--oidc-issuer is not encrypted: write https, or, in a network you trust, add --allow-upstream-hosts ${url.host}`,
    );
}

/** What `entrepot serve --help` prints. */
export function settingsHelp(): string {
  const rows = LIST.map(([, setting]) => ({
    flag: `--${setting.name} ${setting.placeholder}`,
    help: `${setting.help} [${envName(setting.name)}, default: ${setting.usual}]`,
  }));
  const all = [
    ...rows,
    {
      flag: '--config FILE',
      help: 'A YAML file of these settings, named as the flags [ENTREPOT_CONFIG_FILE]',
    },
  ];
  const width = Math.max(...all.map(({ flag }) => flag.length));
  return [
    'Usage: entrepot serve [FLAGS]',
    '',
    'Runs the registry and its management API.',
    '',
    'Flags:',
    ...all.map(({ flag, help }) => `  ${flag.padEnd(width)}  ${help}`),
    '',
    'A flag wins over its environment variable, that over the file, that over the default.',
    'ENTREPOT_ADMIN_PASSWORD sets the password of the user admin at the first start.',
    'ENTREPOT_OIDC_CLIENT_SECRET is the secret of --oidc-client-id.',
    '',
  ].join('\n');
}

function parseValue(setting: Setting<unknown>, given: string, where: string): unknown {
  try {
    return setting.parse(given);
  } catch (error) {
    throw new ConfigError(
      `${where} is "${given}": ${error instanceof Error ? error.message : 'not understood'}`,
    );
  }
}

function parseFlags(argv: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const match = /^--([a-z-]+)(?:=(.*))?$/s.exec(word);
    const name = match?.[1] ?? '';
    if (name !== 'config' && !BY_NAME.has(name))
      throw new ConfigError(`${word} is not a setting; entrepot serve --help lists them`);
    const inline = match?.[2];
    const value = inline ?? argv[at + 1];
    if (value === undefined || (inline === undefined && value.startsWith('--')))
      throw new ConfigError(`--${name} needs a value`);
    if (inline === undefined) at += 1;
    flags.set(name, value);
  }
  return flags;
}

function parseFile(path: string, readFile: Sources['readFile']): ReadonlyMap<string, string> {
  let parsed: unknown;
  try {
    parsed = Bun.YAML.parse(readFile(path)) ?? {};
  } catch (error) {
    throw new ConfigError(
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new ConfigError(`${path} is not a list of "setting: value" lines`);
  return new Map(
    Object.entries(parsed).map(([name, value]) => {
      const key = BY_NAME.get(name);
      if (key === undefined) throw new ConfigError(`${path}: ${name} is not a setting`);
      if (Array.isArray(value) && SETTINGS[key].many) return [name, value.map(String).join(',')];
      if (typeof value === 'object') throw new ConfigError(`${path}: ${name} is not one value`);
      return [name, String(value)];
    }),
  );
}
