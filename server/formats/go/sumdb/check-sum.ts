import { isNotFound, RegistryError } from '../../../core/error.ts';
import type { ChecksumDatabase, IndexKey, IndexReader } from '../../../core/index-kind.ts';
import { lookupIndex, lookupKey, tileIndex, tileKey } from './indexes.ts';
import { openNote, parseVerifier } from './note.ts';
import { parseTree, recordHash, requireIncluded, tilePath } from './tree.ts';

interface Summed {
  readonly module: string;
  /** With `/go.mod` behind it where it is that file's. */
  readonly version: string;
  /** As in `go.sum`: `h1:…`. */
  readonly hash: string;
}

/**
 * Holds what came from an upstream to what a checksum database says of it (go.dev/ref/mod#checksum-database), once it is proved that
 * the database says so. DATA_LOSS where that is something else, PERMISSION_DENIED where it knows nothing of it.
 */
export async function checkSum(
  { module, version, hash }: Summed,
  database: ChecksumDatabase,
  read: IndexReader,
): Promise<void> {
  const verifier = parseVerifier(database.key);
  const key = lookupKey(verifier.name, module, version.replace(/\/go\.mod$/, ''));
  const lookup = await lookedUp(key, verifier.name, read);
  const first = lookup.indexOf('\n');
  const end = lookup.indexOf('\n\n', first);
  const record = lookup.slice(first + 1, end + 1);
  const tree = parseTree(openNote(lookup.slice(end + 2), verifier));
  const id = Number(lookup.slice(0, first));
  await requireIncluded(tree, { id, hash: recordHash(record) }, async (tile) =>
    (await read.index(tileIndex, tileKey(verifier.name, tilePath(tile)))).value(),
  );
  const said = record.split('\n').find((line) => line.startsWith(`${module} ${version} `));
  if (said === `${module} ${version} ${hash}`) return;
  throw new RegistryError(
    'DATA_LOSS',
    'CHECKSUM_MISMATCH',
    `checksum mismatch: ${module}@${version} is ${hash}, and ${verifier.name} has ` +
      `${said?.split(' ').at(-1) ?? 'nothing of it'}. It is not what its author published`,
  );
}

async function lookedUp(key: IndexKey, database: string, read: IndexReader): Promise<string> {
  try {
    return new TextDecoder().decode(await (await read.index(lookupIndex, key)).value());
  } catch (error) {
    if (!isNotFound(error)) throw error;
    // Absent it is not, or clients would look for it elsewhere.
    throw new RegistryError(
      'PERMISSION_DENIED',
      'CHECKSUM_UNKNOWN',
      `${database} has no checksum of ${key.of}, so it is kept out; the repository's exceptions to its checksum database let in ` +
        'what is not public',
    );
  }
}
