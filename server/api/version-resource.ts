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
  // A page has up to a thousand of them, so what they share is made once.
  const ofView = view && `${names.repository.format(pkg)}/${view.collection}/`;
  const ofVersion = `${names.package.format(pkg)}/versions/`;
  return (record) => {
    const name = view && `${ofView}${escapeId(view.id(record))}`;
    const metadata = { ...(name !== undefined && { name }), ...api?.metadata(record) };
    const own = `${ofVersion}${escapeId(record.version)}`;
    const createTime = timestamp(record.createdAt);
    const tags = full
      ? record.tags.map((tag) => ({ name: names.tag.format({ ...pkg, tag }), version: own }))
      : [];
    return {
      name: own,
      ...(record.description !== '' && { description: record.description }),
      createTime,
      updateTime: record.updatedAt === record.createdAt ? createTime : timestamp(record.updatedAt),
      ...(tags.length > 0 && { relatedTags: tags }),
      ...(Object.keys(metadata).length > 0 && { metadata }),
      ...shownAnnotations(record),
    };
  };
}
