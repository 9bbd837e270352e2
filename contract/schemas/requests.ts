import * as z from 'zod/mini';
import { flag, int32, maybe, message, text } from '../proto-json.ts';
import { versionView } from './artifacts.ts';

export const noQuery = message({});
export const noFields = message({});

const page = { pageSize: maybe(int32()), pageToken: maybe(text()) };
export const pageQuery = message(page);
export const orderedQuery = message({ ...page, orderBy: maybe(text()) });
export const filteredQuery = message({ ...page, filter: maybe(text()) });
export const listQuery = message({ ...page, filter: maybe(text()), orderBy: maybe(text()) });
export const versionListQuery = message({
  ...page,
  filter: maybe(text()),
  orderBy: maybe(text()),
  view: maybe(versionView),
});
export const locationListQuery = message({
  ...page,
  filter: maybe(text()),
  extraLocationTypes: maybe(text()),
});

export const versionQuery = message({ view: maybe(versionView) });
export const patchQuery = message({ updateMask: maybe(text()) });
export const createRepositoryQuery = message({ repositoryId: maybe(text()) });
export const createTagQuery = message({ tagId: maybe(text()) });
/** The fields of messages that come with bytes, where these are all of the body. */
export const uploadQuery = message({
  packageId: maybe(text()),
  versionId: maybe(text()),
  filename: maybe(text()),
  fileId: maybe(text()),
});

export const batchDeleteVersionsRequest = message({
  parent: maybe(text()),
  names: maybe(z.array(text())),
  validateOnly: maybe(flag()),
});
export const batchEnableServicesRequest = message({ serviceIds: maybe(z.array(text())) });

/** A page of a collection: `{packages: […], nextPageToken}`; both are absent when empty. */
export const listOf = (collection: string, item: z.core.$ZodType) =>
  message({ [collection]: maybe(z.array(item)), nextPageToken: maybe(text()) });
