import { COLLECTION_SETTINGS } from './collection-settings.ts';
import { EGRESS_SETTINGS } from './egress-settings.ts';
import { LOCATIONS } from './locations.ts';
import { type AllowedHost, parseAllowedHost } from './outbound/allowed-hosts.ts';
import type { VirtualPriority } from './modes/virtual-settings.ts';
import { duration, setting } from './setting.ts';

const text = (line: string): string => line;
const UNITS = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

function bytes(line: string): number {
  const match = /^(\d{1,6})(KiB|MiB|GiB|TiB)$/.exec(line);
  if (!match) throw new Error('write a size such as 512MiB');
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** So that one step of what is slowed down takes a second at most. */
function rate(line: string): number {
  const value = bytes(line);
  if (value < 64 * UNITS.KiB) throw new Error('write a size of at least 64KiB, which is read per second');
  return value;
}

const count =
  (least: number, most: number) =>
  (line: string): number => {
    const value = /^\d{1,6}$/.test(line) ? Number(line) : Number.NaN;
    if (!(value >= least && value <= most)) throw new Error(`write a number from ${least} to ${most}`);
    return value;
  };

export interface Listen {
  readonly hostname: string;
  readonly port: number;
}
function listen(line: string): Listen {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(line);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new Error('write HOST:PORT, such as 127.0.0.1:8080 or [::]:8080');
  return { hostname: match[1] ?? (match[2] || '0.0.0.0'), port };
}

function origin(line: string): string {
  const url = URL.canParse(line) ? new URL(line) : undefined;
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.username !== ''
  )
    throw new Error('write a URL without a path, such as https://registry.example.com');
  return url.origin;
}

function domain(line: string): string {
  if (!/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(line))
    throw new Error('write a domain name in lower case, such as pkg.example.com');
  return line;
}

function locations(line: string): readonly string[] {
  const ids = line.split(',').map((id) => id.trim());
  const wrong = ids.find((id) => !/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(id));
  if (wrong !== undefined)
    throw new Error(`"${wrong}" is not a location id; write a list such as us,europe,us-central1`);
  return [...new Set(ids)].sort();
}

const words = (line: string): readonly string[] => [
  ...new Set(line.split(/[\s,]+/).filter((word) => word !== '')),
];

function allowedHosts(line: string): readonly AllowedHost[] {
  return words(line).map((word) => {
    const host = parseAllowedHost(word);
    if (host) return host;
    throw new Error(`"${word}" is not a host; write a list such as nexus.corp.example,10.0.0.7:8081`);
  });
}

function issuer(line: string): string {
  const url = URL.parse(line);
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && !/[?#]/.test(line)) return line;
  throw new Error('write the issuer as its provider does, such as https://login.example.com/realms/staff');
}

function emailDomains(line: string): readonly string[] {
  return words(line.toLowerCase()).map((word) => domain(word));
}

function yesOrNo(line: string): boolean {
  if (line !== 'true' && line !== 'false') throw new Error('write true or false');
  return line === 'true';
}

function virtualPriority(line: string): VirtualPriority {
  if (line !== 'lowest-first' && line !== 'highest-first')
    throw new Error('write lowest-first, or highest-first as Google Artifact Registry has it');
  return line;
}

const ACCESS_LOG = ['all', 'changes', 'none'] as const;
export type AccessLog = (typeof ACCESS_LOG)[number];
function accessLog(line: string): AccessLog {
  const known = ACCESS_LOG.find((choice) => choice === line);
  if (known === undefined) throw new Error(`write one of ${ACCESS_LOG.join(', ')}`);
  return known;
}

function sqliteOnly(line: string): 'sqlite' {
  if (line !== 'sqlite')
    throw new Error('sqlite, inside the data directory, is the database of this version');
  return line;
}

function filesOnly(line: string): 'files' {
  if (line !== 'files')
    throw new Error('files, inside the data directory, are the blob store of this version');
  return line;
}

const absent = undefined as string | undefined;

/** All settings there are. */
export const SETTINGS = {
  listen: setting<Listen>({
    name: 'listen',
    placeholder: 'HOST:PORT',
    help: 'Address to listen on; port 0 takes any free port and prints it',
    usual: '127.0.0.1:8080',
    initial: { hostname: '127.0.0.1', port: 8080 },
    parse: listen,
  }),
  data: setting<string>({
    name: 'data',
    placeholder: 'DIR',
    help: 'Directory of everything the server keeps',
    usual: './entrepot-data',
    initial: './entrepot-data',
    parse: text,
  }),
  database: setting<'sqlite'>({
    name: 'database',
    placeholder: 'DATABASE',
    help: 'Where metadata is: sqlite, inside the data directory',
    usual: 'sqlite',
    initial: 'sqlite',
    parse: sqliteOnly,
  }),
  blobs: setting<'files'>({
    name: 'blobs',
    placeholder: 'STORE',
    help: 'Where contents are: files, inside the data directory',
    usual: 'files',
    initial: 'files',
    parse: filesOnly,
  }),
  domain: setting<string | undefined>({
    name: 'domain',
    placeholder: 'DOMAIN',
    help: 'With one, hosts LOCATION-FORMAT.DOMAIN are repository addresses',
    usual: 'none',
    initial: absent,
    parse: domain,
  }),
  publicUrl: setting<string | undefined>({
    name: 'public-url',
    placeholder: 'URL',
    help: 'Scheme and host that clients use, for token realms and links',
    usual: 'taken from each request',
    initial: absent,
    parse: origin,
  }),
  serviceAccountDomain: setting<string>({
    name: 'service-account-domain',
    placeholder: 'DOMAIN',
    help: 'What e-mails of service accounts end in: NAME@PROJECT.DOMAIN; those that exist keep theirs',
    usual: 'iam.gserviceaccount.com',
    initial: 'iam.gserviceaccount.com',
    parse: domain,
  }),
  locations: setting<readonly string[]>({
    name: 'locations',
    placeholder: 'ID,ID',
    help: 'Location ids that repositories can be created in',
    usual: 'those of Google Artifact Registry',
    initial: LOCATIONS,
    many: true,
    parse: locations,
  }),
  virtualPriority: setting<VirtualPriority>({
    name: 'virtual-priority',
    placeholder: 'ORDER',
    help:
      'Which member of a virtual repository is asked first: lowest-first (priority 100 before 200), or ' +
      'highest-first as in Google Artifact Registry',
    usual: 'lowest-first',
    initial: 'lowest-first',
    parse: virtualPriority,
  }),
  tlsCert: setting<string | undefined>({
    name: 'tls-cert',
    placeholder: 'FILE',
    help: 'Certificate chain, PEM; with it the server speaks https',
    usual: 'none',
    initial: absent,
    parse: text,
  }),
  tlsKey: setting<string | undefined>({
    name: 'tls-key',
    placeholder: 'FILE',
    help: 'Private key of the certificate, PEM',
    usual: 'none',
    initial: absent,
    parse: text,
  }),
  allowUpstreamHosts: setting<readonly AllowedHost[]>({
    name: 'allow-upstream-hosts',
    placeholder: 'HOST[:PORT],…',
    help: 'Other servers that may be reached though their addresses are loopback, private or otherwise not public',
    usual: 'none',
    initial: [],
    many: true,
    parse: allowedHosts,
  }),
  ...EGRESS_SETTINGS,
  secrets: setting<string | undefined>({
    name: 'secrets',
    placeholder: 'DIR',
    help: 'Directory of secrets for upstreams, as PROJECT/SECRET/VERSION, that repositories name as passwordSecretVersion',
    usual: 'none',
    initial: absent,
    parse: text,
  }),
  oidcIssuer: setting<string | undefined>({
    name: 'oidc-issuer',
    placeholder: 'URL',
    help: 'OpenID Connect provider that people log in with; its redirect URI is PUBLIC-URL/login/callback',
    usual: 'none',
    initial: absent,
    parse: issuer,
  }),
  oidcClientId: setting<string | undefined>({
    name: 'oidc-client-id',
    placeholder: 'ID',
    help: 'What this server is registered as at the provider',
    usual: 'none',
    initial: absent,
    parse: text,
  }),
  oidcClientSecretFile: setting<string | undefined>({
    name: 'oidc-client-secret-file',
    placeholder: 'FILE',
    help: 'File that holds the secret of that registration; ENTREPOT_OIDC_CLIENT_SECRET holds the secret itself',
    usual: 'none, for a public client',
    initial: absent,
    parse: text,
  }),
  oidcName: setting<string>({
    name: 'oidc-name',
    placeholder: 'NAME',
    help: 'What the button on the log-in page calls the provider: Log in with NAME',
    usual: 'single sign-on',
    initial: 'single sign-on',
    parse: text,
  }),
  oidcUserClaim: setting<string>({
    name: 'oidc-user-claim',
    placeholder: 'CLAIM',
    help: 'Claim that becomes the user name; an email must be verified',
    usual: 'email',
    initial: 'email',
    parse: text,
  }),
  oidcGroupsClaim: setting<string>({
    name: 'oidc-groups-claim',
    placeholder: 'CLAIM',
    help: 'Claim that lists the groups of a user; those that exist here are taken over at each log-in',
    usual: 'groups',
    initial: 'groups',
    parse: text,
  }),
  oidcScopes: setting<readonly string[]>({
    name: 'oidc-scopes',
    placeholder: 'SCOPE,…',
    help: 'Scopes that are asked for beside openid',
    usual: 'email,profile',
    initial: ['email', 'profile'],
    many: true,
    parse: words,
  }),
  oidcAllowedDomains: setting<readonly string[]>({
    name: 'oidc-allowed-domains',
    placeholder: 'DOMAIN,…',
    help: 'Only people with a verified email address in one of these may log in',
    usual: 'none, which lets all in',
    initial: [],
    many: true,
    parse: emailDomains,
  }),
  oidcCreateUsers: setting<boolean>({
    name: 'oidc-create-users',
    placeholder: 'true|false',
    help: 'Whether the first log-in makes a user, who has no rights yet; with false, create users first',
    usual: 'true',
    initial: true,
    parse: yesOrNo,
  }),
  workers: setting<number>({
    name: 'workers',
    placeholder: 'N',
    help: 'Processes that share the port',
    usual: '1',
    initial: 1,
    parse: count(1, 64),
  }),
  maxRequests: setting<number>({
    name: 'max-requests',
    placeholder: 'N',
    help: 'Requests that a process works on at once; those on top are answered 503 and may come again',
    usual: '4096',
    initial: 4096,
    parse: count(1, 65_536),
  }),
  accessLog: setting<AccessLog>({
    name: 'access-log',
    placeholder: 'WHICH',
    help: 'Requests that are logged: all, changes (and every refusal), or none',
    usual: 'changes',
    initial: 'changes',
    parse: accessLog,
  }),
  uploadExpiry: duration({
    name: 'upload-expiry',
    help: 'How long an unfinished upload can be continued',
    usual: '24h',
  }),
  auditRetention: duration({
    name: 'audit-retention',
    help: 'How long the audit log keeps changes, publishes and deletions included, their refusals, and log-ins',
    usual: '400d',
  }),
  tagHistoryRetention: duration({
    name: 'tag-history-retention',
    help: 'How long the history of tags is kept, which they can be rolled back to',
    usual: '400d',
  }),
  auditDataRetention: duration({
    name: 'audit-data-retention',
    help: 'How long the audit log keeps reads and steps of uploads, where policies have them recorded',
    usual: '30d',
  }),
  cleanupInterval: duration({
    name: 'cleanup-interval',
    help: 'How often the cleanup policies of a repository are applied; 0s applies them on request only',
    usual: '24h',
  }),
  ...COLLECTION_SETTINGS,
  reserve: setting<number>({
    name: 'reserve',
    placeholder: 'SIZE',
    help: 'Disk space that uploads leave free',
    usual: '256MiB',
    initial: 256 * 2 ** 20,
    parse: bytes,
  }),
  scrub: setting<boolean>({
    name: 'scrub',
    placeholder: 'true|false',
    help: 'Whether everything stored is read once a day and held to its digest; with false, on request only',
    usual: 'true',
    initial: true,
    parse: yesOrNo,
  }),
  scrubRate: setting<number>({
    name: 'scrub-rate',
    placeholder: 'SIZE',
    help: 'How much of it is read per second at most',
    usual: '8MiB',
    initial: 8 * 2 ** 20,
    parse: rate,
  }),
  tokenMaxLifetime: duration({
    name: 'token-max-lifetime',
    help: 'How long a personal access token lives at most',
    usual: '366d',
  }),
  drain: duration({
    name: 'drain',
    help: 'How long a stopping server waits for requests under way',
    usual: '30s',
  }),
} as const;
