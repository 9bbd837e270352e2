import { sql } from 'kysely';

/** Of a row of `blob`: that no file, no document and nothing in the trash names it. */
export const unnamedBlob = sql<boolean>`NOT EXISTS (SELECT 1 FROM file WHERE file.blob_digest = blob.digest)
  AND NOT EXISTS (SELECT 1 FROM deleted_file WHERE deleted_file.blob_digest = blob.digest)
  AND NOT EXISTS (SELECT 1 FROM document WHERE document.blob_digest = blob.digest)`;
