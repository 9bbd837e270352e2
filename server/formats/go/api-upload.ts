import type { ArtifactUpload } from '../../core/artifact-uploads.ts';
import { notFound } from '../../core/error.ts';
import { timeOfRow } from './attributes.ts';
import { goModules } from './go-modules.ts';
import { LARGEST_ZIP } from './module-zip.ts';
import { publishZip } from './upload.ts';

/** UploadGoModule of go.proto. The zip says itself what it is of. */
export const uploadGoModule: ArtifactUpload = {
  collection: 'goModules',
  verb: 'create',
  method: 'UploadGoModule',
  fields: [],
  limit: LARGEST_ZIP,
  metadata: 'UploadGoModuleMetadata',
  response: 'UploadGoModuleResponse',

  async publish({ parent, mayUpload, ...stored }) {
    const { module, version } = await publishZip(stored, (named) =>
      mayUpload({ package: named.module, version: named.version }),
    );
    const row = await stored.repo.version(module, version);
    if (!row) throw notFound('VERSION', { package: module, version });
    const time = new Date(timeOfRow(row)).toISOString();
    const name = `${parent}/goModules/${encodeURIComponent(goModules.id(row))}`;
    return { goModules: [{ name, version, createTime: time, updateTime: time }] };
  },
};
