import type { FileRef } from '../core/catalog.ts';
import type { FormatUpstream, ListedFileOrPath } from '../core/format.ts';
import type { IndexReader } from '../core/index-kind.ts';
import type { SafetyGate } from './safety-gate.ts';

/** Where an upstream has a file, and since when, as far as the rules ask. */
export async function locateFile(
  ref: FileRef,
  format: Pick<FormatUpstream, 'locate' | 'publishedAt'>,
  gate: Pick<SafetyGate, 'asksAge'>,
  indexes: IndexReader,
): Promise<ListedFileOrPath> {
  const found = await format.locate(ref, indexes);
  if (!gate.asksAge || found.publishedAt !== undefined) return found;
  const at = await format.publishedAt?.(ref, indexes);
  return at === undefined ? found : { ...found, publishedAt: at };
}
