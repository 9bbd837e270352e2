import type { Repository } from '../../contract/schemas/repository.ts';
import type { Format } from '../core/format.ts';
import { type RepositoryAddress, repositoryName } from '../core/repository.ts';
import type { NewRepository, RepositoryRecord, WrittenSettings } from '../core/resources.ts';
import { withoutIdlePatterns } from './immutable-tag-rules.ts';
import { maskedUpdate } from './masked-update.ts';
import { checkRelated, refuseUnchecked } from './related-repositories.ts';
import { checkedUpstream } from './remote-rules.ts';
import { checkedMode, writtenSettings } from './repository-mode.ts';
import { editable, REPOSITORY_FIELDS } from './repository-resource.ts';
import type { ApiCall } from './route.ts';
import type { MaskPath } from './update-mask.ts';
import { afterChange, withKeptSecrets } from './upstream-credentials.ts';

type Call = ApiCall<unknown, unknown>;

/** A new repository as it is stored, once it is known that it can be. */
export async function newRepository(
  call: Call,
  at: RepositoryAddress,
  body: Repository,
  format: Format,
): Promise<NewRepository & WrittenSettings> {
  const mode = checkedMode(body);
  const written = writtenSettings(mode, body);
  const upstreamRepository = mode === 'REMOTE_REPOSITORY' ? ownUpstream(call, body, format) : undefined;
  const config = { ...written.config, ...(upstreamRepository !== undefined && { upstreamRepository }) };
  await checkRelated(call, at, { format: format.id, before: {}, after: config });
  return { ...at, ...written, config, format: format.id, mode };
}

/** The repository here that an address of this server means. */
function ownUpstream(
  call: Call,
  { remoteRepositoryConfig = {} }: Repository,
  format: Format,
): string | undefined {
  const upstream = checkedUpstream(remoteRepositoryConfig, format);
  if (upstream.kind === 'here' || upstream.isPreset) return undefined;
  const own = call.ownRepository(new URL(upstream.uri));
  return own && repositoryName(own);
}

/** What an update makes of a repository, once it is known that it may. */
export async function repositoryChange(
  call: Call,
  at: RepositoryAddress,
  body: Repository,
  mask: readonly MaskPath[] | undefined,
): Promise<(current: RepositoryRecord) => WrittenSettings> {
  const change = withoutDefaults(body);
  const changed = (current: RepositoryRecord): WrittenSettings => {
    const before = editable(current);
    const after = maskedUpdate(REPOSITORY_FIELDS, before, withSecrets(before, change), mask);
    const written = writtenSettings(
      current.mode,
      withCheckedSecrets(before, withoutIdlePatterns(before, after), mask),
    );
    const { upstreamRepository } = current.config;
    return {
      ...written,
      config: { ...written.config, ...(upstreamRepository !== undefined && { upstreamRepository }) },
    };
  };
  const seen = await call.parts.resources.repositories.get(at);
  if (!seen || seen.mode === 'STANDARD_REPOSITORY') return changed;
  const checked = changed(seen).config;
  await checkRelated(call, at, { format: seen.format, before: seen.config, after: checked });
  return (current) => {
    const next = changed(current);
    refuseUnchecked(checked, current.config, next.config);
    return next;
  };
}

function withSecrets(before: Repository, change: Repository): Repository {
  const given = change.remoteRepositoryConfig?.upstreamCredentials;
  if (!given) return change;
  const upstreamCredentials = withKeptSecrets(before.remoteRepositoryConfig?.upstreamCredentials, given);
  return { ...change, remoteRepositoryConfig: { ...change.remoteRepositoryConfig, upstreamCredentials } };
}

function withCheckedSecrets(
  before: Repository,
  after: Repository,
  mask: readonly MaskPath[] | undefined,
): Repository {
  const given = after.remoteRepositoryConfig?.upstreamCredentials;
  if (!given) return after;
  const upstreamCredentials = afterChange(before.remoteRepositoryConfig?.upstreamCredentials, given, mask);
  return { ...after, remoteRepositoryConfig: { ...after.remoteRepositoryConfig, upstreamCredentials } };
}

/** Unspecified is the same as absent. */
function withoutDefaults({ format, mode, kmsKeyName, ...rest }: Repository): Repository {
  return {
    ...rest,
    ...(format !== undefined && format !== 'FORMAT_UNSPECIFIED' && { format }),
    ...(mode !== undefined && mode !== 'MODE_UNSPECIFIED' && { mode }),
    ...(kmsKeyName !== undefined && kmsKeyName !== '' && { kmsKeyName }),
  };
}
