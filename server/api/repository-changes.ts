import { isDeepStrictEqual } from 'node:util';
import type { Repository } from '../../contract/schemas/repository.ts';
import type { Format } from '../core/format.ts';
import { type RepositoryAddress, repositoryName } from '../core/repository.ts';
import type { Document, NewRepository, RepositoryRecord, WrittenSettings } from '../core/resources.ts';
import { secretVersion } from '../lib/secret-version.ts';
import { passwordSecretVersion } from '../lib/upstream-credentials.ts';
import { wrongConfig } from './config-refusal.ts';
import { withoutIdlePatterns } from './immutable-tag-rules.ts';
import { maskedUpdate } from './masked-update.ts';
import { checkRelated, refuseUnchecked } from './related-repositories.ts';
import { checkedUpstream } from './remote-rules.ts';
import { checkedMode, writtenSettings } from './repository-mode.ts';
import { checkedQuota, quotaSetter } from './quota-rules.ts';
import { editable, REPOSITORY_FIELDS } from './repository-resource.ts';
import type { ApiCall } from './route.ts';
import type { MaskPath } from './update-mask.ts';
import { probeUpstream } from './upstream-probe.ts';
import { afterChange, withKeptSecrets } from './upstream-credentials.ts';

type Call = ApiCall<unknown, unknown>;
type Stored = Pick<Repository, 'remoteRepositoryConfig'> & { readonly upstreamRepository?: string };

/** Once it is known that it can be, or may be; sentences about what may be wrong with it. */
interface Checked<T> {
  readonly written: T;
  readonly warnings: readonly string[];
}

/** A new repository as it is stored. */
export async function newRepository(
  call: Call,
  at: RepositoryAddress,
  body: Repository,
  format: Format,
): Promise<Checked<NewRepository & WrittenSettings>> {
  const mode = checkedMode(body);
  if (body.mavenConfig && format.settings !== 'mavenConfig')
    throw wrongConfig('mavenConfig', `a ${format.id} repository has no mavenConfig`);
  const written = writtenSettings(mode, withSecrets({}, body));
  (await quotaSetter(call, `projects/${at.project}`))(undefined, written.quota);
  const upstreamRepository = mode === 'REMOTE_REPOSITORY' ? ownUpstream(call, body, format) : undefined;
  const config = { ...written.config, ...(upstreamRepository !== undefined && { upstreamRepository }) };
  await checkRelated(call, at, { format: format.id, before: {}, after: config });
  checkSecretVersion(call, at, config);
  const warnings = await probed(call, at, { format, body, written: { ...written, config } });
  return { written: { ...at, ...written, config, format: format.id, mode }, warnings };
}

/** What an upstream that was just configured says of itself. */
async function probed(
  { parts }: Call,
  at: RepositoryAddress,
  {
    format,
    body,
    written,
  }: { readonly format: Format; readonly body: Repository; readonly written: WrittenSettings },
): Promise<readonly string[]> {
  const { remoteRepositoryConfig: config, upstreamRepository } = written.config as Stored;
  if (!config || upstreamRepository !== undefined || body.remoteRepositoryConfig?.disableUpstreamValidation)
    return [];
  return probeUpstream(parts, { at, format, config, secret: written.upstreamSecret ?? undefined });
}

/** A secret that is only named is of the repository's own project, or any creator could send any secret anywhere. */
function checkSecretVersion({ parts }: Call, { project }: RepositoryAddress, config: Document): void {
  const { remoteRepositoryConfig } = config as Stored;
  const name = passwordSecretVersion(remoteRepositoryConfig?.upstreamCredentials);
  if (name === undefined) return;
  const field =
    'remoteRepositoryConfig.upstreamCredentials.usernamePasswordCredentials.passwordSecretVersion';
  if (!parts.upstreamSecrets.readsFiles)
    throw wrongConfig(
      field,
      'this server has no secrets to read: give the password itself (password, or --remote-password-file), or start the ' +
        'server with --secrets DIR',
    );
  if (secretVersion(name)?.project !== project)
    throw wrongConfig(
      field,
      `the secret must be of the repository's own project: projects/${project}/secrets/…`,
    );
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
): Promise<Checked<(current: RepositoryRecord) => WrittenSettings>> {
  const change = withoutDefaults(body);
  const requireQuota = await quotaSetter(call, `projects/${at.project}`);
  const changed = (current: RepositoryRecord): WrittenSettings => {
    const before = editable(current);
    // Clients that know of no quota send everything they know of, and mean to leave it.
    const whole = mask || change.quota ? change : { ...change, ...(before.quota && { quota: before.quota }) };
    const after = maskedUpdate(REPOSITORY_FIELDS, before, withSecrets(before, whole), mask);
    const written = writtenSettings(
      current.mode,
      withCheckedSecrets(before, withoutIdlePatterns(before, after), mask),
    );
    requireQuota(before.quota && checkedQuota(before.quota, 'quota'), written.quota);
    const { upstreamRepository } = current.config;
    return {
      ...written,
      config: { ...written.config, ...(upstreamRepository !== undefined && { upstreamRepository }) },
    };
  };
  const seen = await call.parts.resources.repositories.get(at);
  if (!seen || seen.mode === 'STANDARD_REPOSITORY') return { written: changed, warnings: [] };
  const checked = changed(seen);
  await checkRelated(call, at, { format: seen.format, before: seen.config, after: checked.config });
  const format = call.parts.formats.find(({ id }) => id === seen.format);
  const isNew = format !== undefined && hasOtherCredentials(seen.config, checked);
  if (isNew) checkSecretVersion(call, at, checked.config);
  return {
    warnings: isNew ? await probed(call, at, { format, body, written: checked }) : [],
    written: (current) => {
      const next = changed(current);
      refuseUnchecked(checked.config, current.config, next.config);
      return next;
    },
  };
}

function hasOtherCredentials(before: Document, { config, upstreamSecret }: WrittenSettings): boolean {
  const [old, now] = [before as Stored, config as Stored].map(
    ({ remoteRepositoryConfig }) => remoteRepositoryConfig?.upstreamCredentials,
  );
  return typeof upstreamSecret === 'string' || !isDeepStrictEqual(old, now);
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
