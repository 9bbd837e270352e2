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
};
type OfMode = Pick<Repository, 'mode' | 'remoteRepositoryConfig' | 'virtualRepositoryConfig'>;

const OF_REMOTE = [
  'remoteRepoConfigDesc',
  ...keys(UPSTREAM_FLAGS),
  ...keys(CREDENTIAL_FLAGS),
  ...keys(REMOTE_FLAGS),
];
const OF_VIRTUAL = keys(VIRTUAL_FLAGS);

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
      ...rulesOf(args),
      ...(args.disableRemoteValidation && { disableUpstreamValidation: true }),
      ...(mode === 'connector-repository' && { noCache: {} }),
    },
  };
}

function refuse(args: Readonly<Record<string, unknown>>, flags: readonly string[], needed: string): void {
  const flag = flags.find((name) => args[name] !== undefined);
  if (flag !== undefined) throw usage(`--${spelled(flag)} needs ${needed}`);
}

function keys<T extends object>(flags: T): readonly string[] {
  return Object.keys(flags);
}
