import type { Act } from '../core/audit.ts';
import { RegistryError } from '../core/error.ts';
import type { CommandRoute, Rights, RouteRequest } from '../core/format.ts';
import type { Permission } from '../core/permissions.ts';
import { type RepositoryRow, repositoryName } from '../core/repository.ts';
import { orAbandon } from '../lib/or-abandon.ts';
import { bodyOf, type DataRequest, type RepositoryDestination } from './data-request.ts';
import { denied } from './denied.ts';
import { withHeaders } from './format-headers.ts';
import type { Reader, RouteParts, WriteTarget } from './route-parts.ts';

interface Writing {
  readonly repository: RepositoryRow;
  readonly reader: Reader;
  readonly act: Act | undefined;
}

/** The header that names the repository which took a write, where another was addressed. */
const WRITTEN_TO = 'entrepot-written-to';

const READ: Permission = 'artifactregistry.repositories.downloadArtifacts';
const UPLOAD: Permission = 'artifactregistry.repositories.uploadArtifacts';

/** Runs what changes a repository, in the one that takes its writes, where the caller needs the same rights. */
export async function commandAnswer(
  parts: RouteParts,
  call: DataRequest,
  destination: RepositoryDestination,
  route: CommandRoute,
  asked: RouteRequest,
  { repository, reader, act }: Writing,
): Promise<Response> {
  const target = await parts.target(repository);
  if (!('to' in target)) throw await readOnly(parts, reader, repository, target);
  const { to } = target;
  const rights = rightsOf(parts, call, [destination, { ...destination, address: to }]);
  if (to !== repository) await rights.require(route.permission, route.within?.(asked) ?? {});
  const read = parts.read(repository, { ...reader, permission: READ });
  const behind = to !== repository && reader.permission === UPLOAD ? read : undefined;
  const repo = await parts.write(to, reader, act && actOn(act, repository, to), behind);
  const { basePath } = destination;
  const baseUrl = call.origin + basePath;
  const documents = parts.documents(repository, read);
  const answer = await orAbandon(repo, () =>
    route.run({
      ...asked,
      body: bodyOf(call),
      repo,
      settings: to.config,
      basePath,
      baseUrl,
      principal: call.principal,
      read,
      elsewhere: parts.elsewhere(call, destination),
      rights,
      now: parts.now,
      refresh: (index, key) => documents.refresh(index, key, baseUrl),
    }),
  );
  if (to !== repository) answer.headers.set(WRITTEN_TO, repositoryName(to));
  return withHeaders(answer, destination.format);
}

/** Its resource stays what was asked; where it was written is beside it. */
export const actOn = (act: Act, asked: RepositoryRow, to: RepositoryRow): Act =>
  to === asked ? act : { ...act, request: { ...act.request, writeRepository: repositoryName(to) } };

/** The caller's rights on the repository that was asked, and on the one that takes its writes. */
const rightsOf = (
  { authorizer }: RouteParts,
  call: DataRequest,
  destinations: readonly RepositoryDestination[],
): Rights => ({
  async require(permission, within) {
    const asked = new Map(destinations.map((each) => [repositoryName(each.address), each]));
    for (const [name, destination] of asked) {
      const { allow } = await authorizer.check(call.principal, permission, name, within);
      if (!allow) throw denied(call, destination, permission);
    }
  },
});

const MOST_NAMED = 3;

/** Names others only to who may write there. */
async function readOnly(
  { authorizer }: RouteParts,
  { principal, permission }: Reader,
  { repository }: RepositoryRow,
  { why, instead }: Extract<WriteTarget, { why: string }>,
): Promise<RegistryError> {
  const names = instead.map(repositoryName);
  const open = await authorizer.visible(principal, permission, names);
  const named = names.filter((name) => open.has(name)).slice(0, MOST_NAMED);
  const message = `${repository} takes no uploads: ${why}${
    named.length > 0 ? `; publish to ${named.join(' or ')} instead` : ''
  }`;
  return new RegistryError('FAILED_PRECONDITION', 'READ_ONLY', message);
}
