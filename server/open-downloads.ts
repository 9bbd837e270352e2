import type { BlobStore } from './core/blob.ts';
import { SharedDownloads } from './modes/downloads/shared-downloads.ts';
import type { Log } from './ops/log.ts';
import { unnamed } from './stores/metadata/adopt-blob.ts';
import type { MetadataDatabase } from './stores/metadata/database.ts';
import { FetchTables } from './stores/metadata/fetch-tables.ts';

interface DownloadsParts {
  readonly database: MetadataDatabase;
  readonly blobs: BlobStore;
  readonly log: Log;
  readonly now: () => number;
  readonly newId: () => string;
  /** Whether other processes serve the same data. */
  readonly shared: boolean;
}

/** Milliseconds between two looks at what another process fetches. */
const LOOK_MS = 25;

/** What fetches from servers elsewhere, once for all who ask. To be closed before the database is. */
export function openDownloads(parts: DownloadsParts): SharedDownloads {
  const { database, blobs, log, now, newId, shared } = parts;
  const failed = (cause: unknown): void => log.write('warn', 'a fetch from an upstream failed', { cause });
  return new SharedDownloads({
    blobs,
    discard: async (blob) => {
      for (const nobodys of await unnamed(database.read, [blob])) await blobs.delete(nobodys);
    },
    failed,
    ...(shared && {
      sharing: {
        leases: new FetchTables(database),
        now,
        newId,
        pause: () => Bun.sleep(LOOK_MS),
        every: (milliseconds: number, work: () => void) => {
          const timer = setInterval(work, milliseconds);
          return () => clearInterval(timer);
        },
        failed,
      },
    }),
  });
}
