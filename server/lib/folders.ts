import type { Page } from '../core/page.ts';

const MOST_AT_ONCE = 512;

/**
 * The first path segments below `prefix`, at most `limit`, found by hopping from one to the next, however many names each has
 * below it. Where they have none, more and more are read at once. `names` answers those below `prefix`.
 */
export async function foldersUnder(
  prefix: string,
  limit: number,
  names: (page: Page) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let [after, most] = [prefix, 1]; found.size < limit;) {
    const lot = await names({ limit: Math.min(most, limit - found.size), after });
    const last = lot.at(-1);
    if (last === undefined) break;
    const before = found.size;
    for (const name of lot) found.add(folderOf(name, prefix));
    const folder = `${prefix}${folderOf(last, prefix)}`;
    after = last === folder ? last : `${folder}/\u{10ffff}`;
    most = found.size - before === lot.length ? Math.min(most * 2, MOST_AT_ONCE) : 1;
  }
  return [...found].sort();
}

const folderOf = (name: string, prefix: string): string => {
  const end = name.indexOf('/', prefix.length);
  return name.slice(prefix.length, end === -1 ? undefined : end);
};
