import { isNotFound, reworded } from '../../core/error.ts';
import { type CopiedDocument, type IndexRoute, param } from '../../core/format.ts';
import { urlsOf } from './packument-index.ts';
import { renderVersion } from './render-packument.ts';
import { packageUnknown, versionUnknown } from './revision.ts';
import { packageToRead } from './segments.ts';
import { versionIndex } from './version-index.ts';

/** GET /PACKAGE/VERSION and /PACKAGE/TAG: one version as the packument has it. */
export const versionDocument: IndexRoute['document'] = async (
  read,
  request,
  _basePath,
  baseUrl,
): Promise<CopiedDocument> => {
  const name = packageToRead(request);
  const wanted = param(request.params, 'of');
  const part = await read.index(versionIndex(wanted), { of: name }).catch((error: unknown) => {
    throw isNotFound(error) ? reworded(error, packageUnknown(name)) : error;
  });
  const shown = renderVersion(await valueOf(part, name), wanted, urlsOf(name, baseUrl));
  if (shown === undefined) throw versionUnknown(name, wanted);
  return {
    contentType: 'application/json',
    body: shown,
    ...(part.cache && { cache: part.cache }),
    ...(part.without && { without: part.without }),
  };
};

const valueOf = <T>(part: { value(): Promise<T> }, name: string): Promise<T> =>
  part.value().catch((error: unknown) => {
    throw isNotFound(error) ? reworded(error, packageUnknown(name)) : error;
  });
