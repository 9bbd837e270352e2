import type { FileRef } from '../../core/catalog.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import type { RouteRequest } from '../../core/format.ts';
import type { IndexKey } from '../../core/index-kind.ts';
import { ALL_BELOW } from './folder.ts';
import { folderId, parseId, segmentsOf, segmentsOfFolder } from './places.ts';

const MOST = 1_000;

/** Which page of which folder a request is for: `pageSize`, `pageToken` of the page before, `recursive` for all files below it. */
export function listRequest({ params, query }: Pick<RouteRequest, 'params' | 'query'>): IndexKey {
  const segments = (params['path'] ?? '').split('/').filter((segment) => segment !== '');
  const after = afterOf(query.get('pageToken'));
  return {
    of: folderId(segments),
    page: { limit: sizeOf(query.get('pageSize')), ...(after !== undefined && { after }) },
    ...(query.get('recursive') === 'true' && { filter: ALL_BELOW }),
  };
}

export function missingFolder({ of }: IndexKey): RegistryError {
  const path = segmentsOfFolder(of)
    .map((segment) => `${segment}/`)
    .join('');
  return new RegistryError('NOT_FOUND', 'FOLDER_UNKNOWN', `there are no files in ${path} here`, {
    details: { path },
  });
}

export function missingFile({ path: id }: Pick<FileRef, 'path'>): RegistryError {
  const place = parseId(id);
  const path = place ? segmentsOf(place).join('/') : id;
  return new RegistryError('NOT_FOUND', 'FILE_UNKNOWN', `there is no file ${path} here`, {
    details: { path },
  });
}

function sizeOf(text: string | null): number {
  if (text === null || text === '0' || text === '') return MOST;
  if (!/^\d{1,9}$/.test(text)) throw invalid('PAGE_INVALID', 'pageSize is a number of entries');
  return Math.min(MOST, Number(text));
}

function afterOf(token: string | null): string | undefined {
  if (token === null || token === '') return undefined;
  const bytes = Buffer.from(token, 'base64url');
  const text = bytes.toString('utf8');
  if (bytes.toString('base64url') !== token || Buffer.compare(Buffer.from(text), bytes) !== 0 || text === '')
    throw invalid('PAGE_INVALID', 'pageToken is what the page before this one said');
  return text;
}
