import type { Repository } from '../../contract/schemas/repository.ts';
import type { Mode } from '../core/repository.ts';
import type { WrittenSettings } from '../core/resources.ts';
import { wrongConfig } from './config-refusal.ts';
import { checkRemote } from './remote-rules.ts';
import { settingsOf } from './repository-resource.ts';
import { splitCredentials } from './upstream-credentials.ts';
import { checkVirtual } from './virtual-rules.ts';

/** The field of a Repository that is for repositories of a mode. */
const FIELDS = {
  remoteRepositoryConfig: 'REMOTE_REPOSITORY',
  virtualRepositoryConfig: 'VIRTUAL_REPOSITORY',
} as const satisfies Partial<Record<keyof Repository, Mode>>;

/** What is stored of a repository of a mode, once it is known to hold; of its upstream only what is beside its address. */
export function writtenSettings(mode: Mode, repository: Repository): WrittenSettings {
  for (const field of ['remoteRepositoryConfig', 'virtualRepositoryConfig'] as const)
    if (repository[field] !== undefined && FIELDS[field] !== mode)
      throw wrongConfig(field, `a ${mode} has no ${field}`);
  if (mode === 'STANDARD_REPOSITORY') return settingsOf(repository);
  if (repository.dockerConfig?.immutableTags)
    throw wrongConfig(
      'dockerConfig.immutableTags',
      `tags of a ${mode} move when those of its upstreams do; immutableTags is for a STANDARD_REPOSITORY`,
    );
  if (mode === 'VIRTUAL_REPOSITORY' && Object.keys(repository.quota ?? {}).length > 0)
    throw wrongConfig('quota', `a ${mode} holds nothing itself; give its members quotas`);
  const { versionPolicy = 'VERSION_POLICY_UNSPECIFIED', allowSnapshotOverwrites } =
    repository.mavenConfig ?? {};
  if (versionPolicy !== 'VERSION_POLICY_UNSPECIFIED' || allowSnapshotOverwrites)
    throw wrongConfig(
      'mavenConfig',
      `a ${mode} has the versions of its upstreams; mavenConfig is for a STANDARD_REPOSITORY`,
    );
  if (mode === 'VIRTUAL_REPOSITORY') return settingsOf(virtual(repository));
  const {
    upstreamCredentials,
    disableUpstreamValidation: _,
    ...config
  } = repository.remoteRepositoryConfig ?? {};
  checkRemote(config);
  const { shown, secret } = splitCredentials(upstreamCredentials);
  return {
    ...settingsOf({
      ...repository,
      remoteRepositoryConfig: { ...config, ...(shown && { upstreamCredentials: shown }) },
    }),
    ...(secret !== undefined && { upstreamSecret: secret }),
  };
}

function virtual(repository: Repository): Repository {
  const { writeRepository = '', memberFailure, ...config } = repository.virtualRepositoryConfig ?? {};
  checkVirtual({ ...config, writeRepository });
  return {
    ...repository,
    virtualRepositoryConfig: {
      ...config,
      ...(writeRepository !== '' && { writeRepository }),
      ...(memberFailure !== undefined && memberFailure !== 'MEMBER_FAILURE_UNSPECIFIED' && { memberFailure }),
    },
  };
}

/** The mode of a new repository. */
export function checkedMode({ mode = 'MODE_UNSPECIFIED', disallowUnspecifiedMode }: Repository): Mode {
  if (mode !== 'MODE_UNSPECIFIED') return mode;
  if (disallowUnspecifiedMode) throw wrongConfig('mode', 'repository.mode is required');
  return 'STANDARD_REPOSITORY';
}
