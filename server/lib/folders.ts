/**
 * The first path segments below `prefix`, at most `limit`, found by hopping from one to the next: each costs one
 * look-up, however many names it has below it. `firstAfter` answers the first name past its argument.
 */
export async function foldersUnder(
  prefix: string,
  limit: number,
  firstAfter: (after: string) => Promise<string | undefined>,
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let name = await firstAfter(prefix); name !== undefined && found.size < limit;) {
    const [folder = '', ...deeper] = name.slice(prefix.length).split('/');
    found.add(folder);
    name = await firstAfter(deeper.length > 0 ? `${prefix}${folder}/\u{10ffff}` : name);
  }
  return [...found].sort();
}
