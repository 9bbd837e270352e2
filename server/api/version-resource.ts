import { escapeId, names } from '../../contract/names.ts';
import type { Version } from '../../contract/schemas/artifacts.ts';
import type { PackageAddress, VersionRecord } from '../core/resources.ts';
import { shownAnnotations } from './annotations.ts';
import type { ApiParts } from './route.ts';
import { timestamp } from './timestamp.ts';

/** How versions of a package are shown: what its repository's format knows of them is their metadata. */
export async function versionShower(
  { resources, formats }: Pick<ApiParts, 'resources' | 'formats'>,
  pkg: PackageAddress,
  full: boolean,
): Promise<(record: VersionRecord) => Version> {
  const repository = await resources.repositories.get(pkg);
  const api = formats.find(({ id }) => id === repository?.format)?.api;
  const view = api?.views[0];
  const below = names.repository.format(pkg);
  return (record) => {
    const name = view && `${below}/${view.collection}/${escapeId(view.id(record))}`;
    const metadata = { ...(name !== undefined && { name }), ...api?.metadata(record) };
    const tags = full ? record.tags.map((tag) => relatedTag(pkg, tag, record.version)) : [];
    return {
      name: names.version.format({ ...pkg, version: record.version }),
      ...(record.description !== '' && { description: record.description }),
      createTime: timestamp(record.createdAt),
      updateTime: timestamp(record.updatedAt),
      ...(tags.length > 0 && { relatedTags: tags }),
      ...(Object.keys(metadata).length > 0 && { metadata }),
      ...shownAnnotations(record),
    };
  };
}

const relatedTag = (pkg: PackageAddress, tag: string, version: string) => ({
  name: names.tag.format({ ...pkg, tag }),
  version: names.version.format({ ...pkg, version }),
});
