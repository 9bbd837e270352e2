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
    const own = `${ofVersion}${escapeId(record.version)}`;
    const createTime = timestamp(record.createdAt);
    // A page has a thousand of these: one object each, without the ones that spreading would make on the way.
    const shown: Writable<Version> = {
      name: own,
      createTime,
      updateTime: record.updatedAt === record.createdAt ? createTime : timestamp(record.updatedAt),
    };
    if (record.description !== '') shown.description = record.description;
    if (full && record.tags.length > 0)
      shown.relatedTags = record.tags.map((tag) => ({
        name: names.tag.format({ ...pkg, tag }),
        version: own,
      }));
    const metadata: Record<string, unknown> = api?.metadata(record) ?? {};
    if (view) metadata['name'] = `${ofView}${escapeId(view.id(record))}`;
    if (view || api) shown.metadata = metadata;
    const dirsum = api?.dirsum?.(record);
    if (dirsum) shown.fingerprints = [{ type: 'DIRSUM_SHA256', value: dirsum.toString('base64') }];
    const { annotations } = shownAnnotations(record);
    if (annotations) shown.annotations = annotations;
    return shown;
  };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
