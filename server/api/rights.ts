import type { ResourceName, Within } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import { repositoryName } from '../core/repository.ts';
import type {
  FileAddress,
  FileRecord,
  PackageAddress,
  RepositoryRecord,
  TagAddress,
  TagRecord,
  VersionRecord,
} from '../core/resources.ts';
import { denied } from './refusals.ts';
import type { ApiCall } from './route.ts';

export type Asker = Pick<ApiCall<unknown, unknown>, 'parts' | 'principal'>;

/** Holds what only the body or a look-up tells to the caller's rights, with the refusal that the path would have got. */
export async function requireRight(
  { parts, principal }: Asker,
  permission: Permission,
  on: ResourceName,
  within: Within,
): Promise<void> {
  const { allow } = await parts.authorizer.check(principal, permission, on, within);
  if (!allow) throw denied(principal, permission, on);
}

/** What a file belongs to. A layer belongs to an image, and to no version. */
export const insideOf = ({ package: pkg, owner }: FileRecord): Within =>
  owner ?? (pkg === undefined ? {} : { package: pkg });

/**
 * A file's path does not say what it belongs to. Where that matters it is looked up, and a caller whom nothing tells
 * that the file is there is refused alike whether it is or not.
 */
export async function requireFile(call: Asker, permission: Permission, address: FileAddress): Promise<void> {
  const { parts, principal } = call;
  const on = repositoryName(address);
  if ((await parts.authorizer.extent(principal, permission, on, {})) === 'all') return;
  const record = await parts.resources.files.get(address);
  await requireRight(call, permission, on, record ? insideOf(record) : {});
}

/** Whoever puts a tag on a version must be able to see it: knowing its name is no right to it. */
export async function requireTagging(
  call: Asker,
  permission: Permission,
  { package: pkg, tag, ...address }: TagAddress,
  version: string,
): Promise<void> {
  const on = repositoryName(address);
  await requireRight(call, permission, on, { package: pkg, version, tag });
  await requireRight(call, 'artifactregistry.versions.get', on, { package: pkg, version });
}

type TaggedRecord = Pick<VersionRecord, 'package' | 'version' | 'tags'>;

/** The same version with those of its tags that the caller may see. */
export async function withVisibleTags<T extends TaggedRecord>(
  { parts, principal }: Asker,
  permission: Permission,
  on: ResourceName,
  record: T,
): Promise<T> {
  const { package: pkg, version, tags: all } = record;
  if (all.length === 0) return record;
  const { authorizer } = parts;
  const extent = await authorizer.extent(principal, permission, on, { package: pkg, version });
  if (extent === 'all') return record;
  const tags: string[] = [];
  for (const tag of all)
    if ((await authorizer.check(principal, permission, on, { package: pkg, version, tag })).allow)
      tags.push(tag);
  return { ...record, tags };
}

/** A tag that points at what the caller may not see is not there. */
export async function visibleTag(
  { parts, principal }: Asker,
  permission: Permission,
  address: PackageAddress,
  record: TagRecord | undefined,
): Promise<TagRecord | undefined> {
  if (!record) return undefined;
  const within = { package: address.package, ...record };
  const { allow } = await parts.authorizer.check(principal, permission, repositoryName(address), within);
  return allow ? record : undefined;
}

/** The same repository without what tells of things in it that the caller may not see. */
export async function asSeen(
  { parts, principal }: Asker,
  permission: Permission,
  record: RepositoryRecord,
): Promise<RepositoryRecord> {
  const extent = await parts.authorizer.extent(principal, permission, repositoryName(record), {});
  return extent === 'all' ? record : { ...record, sizeBytes: 0 };
}
