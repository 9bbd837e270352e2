import type { Repository } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';
import { usage } from '../../exit.ts';
import { spelled } from '../../grammar/flags.ts';
import { CREDENTIAL_FLAGS, credentialsOf } from './credential-flags.ts';
import { REMOTE_FLAGS, rulesOf, UPSTREAM_FLAGS, upstreamOf } from './upstream-flags.ts';
import { VIRTUAL_FLAGS, virtualConfigOf } from './virtual-flags.ts';

/** A connector is a remote repository without a cache. */
export const MODES = [
  'standard-repository',
  'virtual-repository',
  'remote-repository',
  'connector-repository',
] as const;

type Flags = typeof UPSTREAM_FLAGS & typeof CREDENTIAL_FLAGS & typeof REMOTE_FLAGS & typeof VIRTUAL_FLAGS;
type Given = { readonly [K in keyof Flags]: ReturnType<Flags[K]['read']> } & {
  readonly mode: 'none' | (typeof MODES)[number] | undefined;
  readonly remoteRepoConfigDesc: string | undefined;
  readonly remoteTokenOrigins: readonly string[] | undefined;
};
type OfMode = Pick<Repository, 'mode' | 'remoteRepositoryConfig' | 'virtualRepositoryConfig'>;

const OF_REMOTE = [
  'remoteRepoConfigDesc',
  'remoteTokenOrigins',
  ...Object.keys(UPSTREAM_FLAGS),
  ...Object.keys(CREDENTIAL_FLAGS),
  ...Object.keys(REMOTE_FLAGS),
];
const OF_VIRTUAL = Object.keys(VIRTUAL_FLAGS);

/** The mode of a new repository, and what the flags say of it. */
export async function modeOf(cli: Cli, args: Given): Promise<OfMode> {
  const mode = args.mode ?? 'standard-repository';
  const isRemote = mode === 'remote-repository' || mode === 'connector-repository';
  if (!isRemote) refuse(args, OF_REMOTE, '--mode=remote-repository');
  if (mode !== 'virtual-repository') refuse(args, OF_VIRTUAL, '--mode=virtual-repository');
  if (mode === 'virtual-repository')
    return { mode: 'VIRTUAL_REPOSITORY', virtualRepositoryConfig: await virtualConfigOf(cli, args) };
  if (!isRemote) return { mode: mode === 'none' ? 'MODE_UNSPECIFIED' : 'STANDARD_REPOSITORY' };
  const upstreamCredentials = await credentialsOf(cli, args);
  return {
    mode: 'REMOTE_REPOSITORY',
    remoteRepositoryConfig: {
      ...upstreamOf(args),
      ...(args.remoteRepoConfigDesc !== undefined && { description: args.remoteRepoConfigDesc }),
      ...(upstreamCredentials && { upstreamCredentials }),
      ...(args.remoteTokenOrigins && { tokenOrigins: args.remoteTokenOrigins }),
      ...rulesOf(args),
      ...(args.disableRemoteValidation && { disableUpstreamValidation: true }),
      ...(mode === 'connector-repository' && { noCache: {} }),
    },
  };
}

type Changed = Omit<
  Given,
  'mode' | 'remoteRepoConfigDesc' | 'remoteTokenOrigins' | keyof typeof UPSTREAM_FLAGS
> & {
  readonly clearRemoteCredentials: boolean | undefined;
};

interface ModeChange {
  readonly change: OfMode;
  readonly paths: readonly string[];
}

/** What the flags change of a remote or a virtual repository, and the paths of that. */
export async function modeChange(cli: Cli, args: Changed): Promise<ModeChange> {
  const credentials = await credentialsOf(cli, args);
  if (credentials && args.clearRemoteCredentials)
    throw usage('--clear-remote-credentials leaves nothing for the other flags of credentials');
  const { cacheConfig, safetyRules, forwardAudits, checksumDatabase } = rulesOf(args);
  const virtualRepositoryConfig = await virtualConfigOf(cli, args);
  const remoteRepositoryConfig = {
    ...(credentials && { upstreamCredentials: credentials }),
    ...(cacheConfig && { cacheConfig }),
    ...(safetyRules && { safetyRules }),
    ...(checksumDatabase && { checksumDatabase }),
    ...(forwardAudits !== undefined && { forwardAudits }),
    ...(args.disableRemoteValidation && { disableUpstreamValidation: true }),
  };
  const paths = [
    ...credentialPaths(credentials, args.clearRemoteCredentials ?? false),
    ...below('cacheConfig', cacheConfig),
    ...below('safetyRules', safetyRules),
    ...below('checksumDatabase', checksumDatabase),
    ...(forwardAudits === undefined ? [] : ['forwardAudits']),
  ];
  return {
    change: {
      ...(Object.keys(remoteRepositoryConfig).length > 0 && { remoteRepositoryConfig }),
      ...(Object.keys(virtualRepositoryConfig).length > 0 && { virtualRepositoryConfig }),
    },
    paths: [
      ...paths.map((path) => `remoteRepositoryConfig.${path}`),
      ...below('virtualRepositoryConfig', virtualRepositoryConfig),
    ],
  };
}

/** A user name or a password alone is changed alone; both, or a token, take the place of what there was. */
function credentialPaths(
  credentials: Awaited<ReturnType<typeof credentialsOf>>,
  isCleared: boolean,
): readonly string[] {
  if (isCleared) return ['upstreamCredentials'];
  const basic = Object.keys(credentials?.usernamePasswordCredentials ?? {});
  const [field] = basic;
  if (basic.length === 1) return [`upstreamCredentials.usernamePasswordCredentials.${field}`];
  return credentials ? ['upstreamCredentials'] : [];
}

const below = (field: string, message: object | undefined): readonly string[] =>
  Object.keys(message ?? {}).map((key) => `${field}.${key}`);

function refuse(args: Readonly<Record<string, unknown>>, flags: readonly string[], needed: string): void {
  const flag = flags.find((name) => args[name] !== undefined);
  if (flag !== undefined) throw usage(`--${spelled(flag)} needs ${needed}`);
}
