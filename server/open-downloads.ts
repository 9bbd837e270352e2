import type { BlobStore } from './core/blob.ts';
import { SharedDownloads } from './modes/downloads/shared-downloads.ts';
import type { Log } from './ops/log.ts';
import { unnamed } from './stores/metadata/adopt-blob.ts';
import type { MetadataDatabase } from './stores/metadata/database.ts';

interface DownloadsParts {
  readonly database: MetadataDatabase;
  readonly blobs: BlobStore;
  readonly log: Log;
}

/** What fetches from servers elsewhere, once for all who ask. To be closed before the database is. */
export function openDownloads({ database, blobs, log }: DownloadsParts): SharedDownloads {
  return new SharedDownloads({
    blobs,
    discard: async (blob) => {
      for (const nobodys of await unnamed(database.read, [blob])) await blobs.delete(nobodys);
    },
    failed: (cause) => log.write('warn', 'a fetch from an upstream failed', { cause }),
  });
}
