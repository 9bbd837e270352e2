import type { VersionRow } from '../../core/catalog.ts';
import type { FormatApi, Snippet } from '../../core/format.ts';
import { createArtifact, uploadFile } from './api-uploads.ts';

/** What people paste to use a repository. `address` has neither scheme nor a slash at the end. */
export const snippets = (address: string): readonly Snippet[] => [
  {
    title: 'Upload',
    language: 'sh',
    text: `curl -fT FILE -u USER https://${address}/PACKAGE/VERSION/FILE`,
  },
  {
    title: 'Download',
    language: 'sh',
    text: `curl -fO -u USER https://${address}/PACKAGE/VERSION/FILE`,
  },
  { title: 'List', language: 'sh', text: `curl -f -u USER https://${address}/PACKAGE/VERSION/` },
];

/** What there is to say of a version is in its files. */
const metadata = ({ package: packageId, version: versionId }: VersionRow): Record<string, unknown> => ({
  packageId,
  versionId,
});

export const genericApi: FormatApi = {
  metadata,
  views: [],
  uploads: [createArtifact, uploadFile],
  filesGoOneByOne: true,
};
