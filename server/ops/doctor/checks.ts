import { blobLayout } from './blob-layout.ts';
import type { Check } from './check.ts';
import { clock } from './clock.ts';
import { contents, orphans } from './contents.ts';
import { damagedBlobs } from './damaged-blobs.ts';
import { dataDirectory, permissions } from './data-directory.ts';
import { database, databaseSettings, foreignKeys, integrity } from './database.ts';
import { descriptors } from './descriptors.ts';
import { freeSpace, inodes, oneFileSystem, unfinishedUploads } from './disk.ts';
import { publicUrl } from './public-url.ts';
import { laws, repositorySizes } from './references.ts';
import { server } from './server.ts';
import { tls } from './tls.ts';

/** All checks there are, in the order in which they are told. */
export const CHECKS: readonly Check[] = [
  dataDirectory,
  permissions,
  server,
  freeSpace,
  inodes,
  oneFileSystem,
  blobLayout,
  unfinishedUploads,
  database,
  databaseSettings,
  damagedBlobs,
  clock,
  publicUrl,
  tls,
  descriptors,
  integrity,
  foreignKeys,
  ...laws,
  repositorySizes,
  contents,
  orphans,
];
