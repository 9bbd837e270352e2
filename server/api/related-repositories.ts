import { names } from '../../contract/names.ts';
import type { Repository } from '../../contract/schemas/repository.ts';
import { RegistryError } from '../core/error.ts';
import type { Permission } from '../core/permissions.ts';
import { repositoryAddress, type RepositoryAddress, repositoryName } from '../core/repository.ts';
import type { Document, RepositoryRecord } from '../core/resources.ts';
import { upstreamChoices } from '../lib/upstream-choice.ts';
import { wrongConfig } from './config-refusal.ts';
import { denied, found } from './refusals.ts';
import type { ApiCall } from './route.ts';

const READ: Permission = 'artifactregistry.repositories.downloadArtifacts';
/** Members of members; a chain of repositories longer than any that serves. */
const MOST_LOOKED_AT = 500;

type Asker = Pick<ApiCall<unknown, unknown>, 'parts' | 'principal'>;
type Config = Document | Repository;

/** The repositories of this server that a configuration names: its upstream, or its members. */
export function relatedTo(config: Config): readonly string[] {
  const { upstreamRepository, remoteRepositoryConfig, virtualRepositoryConfig } = config as Document &
    Pick<Repository, 'remoteRepositoryConfig' | 'virtualRepositoryConfig'>;
  const upstreams = upstreamChoices(remoteRepositoryConfig ?? {}).map(({ named }) =>
    'uri' in named ? named.uri : '',
  );
  const members = virtualRepositoryConfig?.upstreamPolicies?.map(({ repository = '' }) => repository) ?? [];
  return [upstreamRepository, ...upstreams, ...members].filter(
    (name): name is string => typeof name === 'string' && repositoryAddress(name) !== undefined,
  );
}

/**
 * Holds what a configuration names anew to the caller's rights, to its format, and to there being an end to it. A repository
 * that is not there is refused like one that the caller may not read.
 */
export async function checkRelated(
  call: Asker,
  at: RepositoryAddress,
  { format, before, after }: { readonly format: string; readonly before: Config; readonly after: Config },
): Promise<void> {
  const known = new Set(relatedTo(before));
  const fresh = relatedTo(after).filter((name) => !known.has(name));
  const records: RepositoryRecord[] = [];
  for (const name of fresh) records.push(await readable(call, name, format));
  const merged = records.find(({ mode }) => mode === 'VIRTUAL_REPOSITORY');
  if (merged && (after as Repository).remoteRepositoryConfig)
    throw wrongConfig(
      'remoteRepositoryConfig',
      `${nameOf(merged)} is virtual and cannot be copied; name one of the repositories that it is made of`,
    );
  await checkEndless(call, at, records);
  const writes = (after as Repository).virtualRepositoryConfig?.writeRepository;
  const earlier = (before as Repository).virtualRepositoryConfig?.writeRepository;
  if (writes === undefined || writes === '' || writes === earlier) return;
  const { mode } = await readable(call, writes, format);
  if (mode !== 'STANDARD_REPOSITORY')
    throw wrongConfig(
      'virtualRepositoryConfig.writeRepository',
      `writeRepository must be a STANDARD_REPOSITORY; ${writes} is a ${mode}`,
    );
}

async function readable(
  { parts, principal }: Asker,
  name: string,
  format: string,
): Promise<RepositoryRecord> {
  const address = addressOf(name);
  const on = repositoryName(address);
  const decision = await parts.authorizer.check(principal, READ, on);
  if (!decision.allow) throw denied(principal, READ, on);
  const record = found(await parts.resources.repositories.get(address), name);
  if (record.format === format) return record;
  throw wrongConfig(
    'format',
    `${name} is a ${record.format} repository; a ${format} repository can be made of such only`,
  );
}

/** Refuses a repository that would be made of itself. */
async function checkEndless(
  { parts }: Asker,
  at: RepositoryAddress,
  records: readonly RepositoryRecord[],
): Promise<void> {
  const self = repositoryName(at);
  const seen = new Set<string>();
  let paths = records.map((record) => ({ record, through: [nameOf(record)] }));
  while (paths.length > 0) {
    const next: typeof paths = [];
    for (const { record, through } of paths) {
      const name = nameOf(record);
      if (name === self)
        throw wrongConfig(
          'mode',
          `the repository would be made of itself: ${[self, ...through].join(' → ')}`,
        );
      if (seen.has(name)) continue;
      seen.add(name);
      if (seen.size > MOST_LOOKED_AT)
        throw wrongConfig('mode', `the repository would be made of more than ${MOST_LOOKED_AT} others`);
      for (const inner of relatedTo(record.config)) {
        const there = await parts.resources.repositories.get(addressOf(inner));
        // A repository that is about to be made may be named already.
        if (there) next.push({ record: there, through: [...through, inner] });
        else if (inner === self)
          throw wrongConfig(
            'mode',
            `the repository would be made of itself: ${[self, ...through, self].join(' → ')}`,
          );
      }
    }
    paths = next;
  }
}

/** What was checked before the transaction is what it writes. */
export function refuseUnchecked(checked: Config, before: Config, after: Config): void {
  const known = new Set([...relatedTo(checked), ...relatedTo(before)]);
  if (relatedTo(after).every((name) => known.has(name))) return;
  throw new RegistryError('ABORTED', 'CONCURRENT_CHANGE', 'the repository was changed meanwhile; try again');
}

const nameOf = (record: RepositoryRecord): string => names.repository.format(record);

function addressOf(name: string): RepositoryAddress {
  const address = repositoryAddress(name);
  if (!address) throw new Error(`${name} is no repository's name`);
  return address;
}
