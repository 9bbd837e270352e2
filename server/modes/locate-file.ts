import type { FileRef } from '../core/catalog.ts';
import { isNotFound, RegistryError } from '../core/error.ts';
import type { ListedFileOrPath } from '../core/format.ts';
import type { IndexReader } from '../core/index-kind.ts';
import type { CacheState } from '../core/repo.ts';
import { absentIn } from './absence.ts';
import type { RemoteParts } from './remote-parts.ts';
import type { SafetyGate } from './safety-gate.ts';

/** Where an upstream has a file, and since when, as far as the rules ask. */
export async function locateFile(
  ref: FileRef,
  parts: Pick<RemoteParts, 'format' | 'now'>,
  gate: Pick<SafetyGate, 'asksAge'>,
  indexes: IndexReader,
): Promise<ListedFileOrPath> {
  const found = await listed(ref, parts, indexes);
  if (!gate.asksAge || found.publishedAt !== undefined) return found;
  const at = await parts.format.publishedAt?.(ref, indexes);
  return at === undefined ? found : { ...found, publishedAt: at };
}

/** That an index does not list it, says how old that index is. */
async function listed(
  ref: FileRef,
  { format, now }: Pick<RemoteParts, 'format' | 'now'>,
  indexes: IndexReader,
): Promise<ListedFileOrPath> {
  let read: CacheState | undefined;
  const noting: IndexReader = {
    index: async (kind, key) => {
      const part = await indexes.index(kind, key);
      read = part.cache;
      return part;
    },
  };
  try {
    return await format.locate(ref, noting);
  } catch (error) {
    throw read && error instanceof RegistryError && isNotFound(error) ? absentIn(error, read, now()) : error;
  }
}
