/** Bytes of a `go.mod` (golang.org/x/mod/zip). */
export const LARGEST_GO_MOD = 16 * 1024 * 1024;

/** What a module without a `go.mod` is served as. */
export const madeUp = (module: string): string => `module ${module}\n`;

/** The path in a `go.mod`'s `module` line (golang.org/x/mod/modfile, ModulePath). Nothing where it has none. */
export function modulePathIn(text: string): string | undefined {
  for (const line of text.split('\n')) {
    const [code = ''] = line.split('//');
    const [keyword] = /^\s*module(?=[\s"`])/.exec(code) ?? [];
    const rest = keyword === undefined ? '' : code.slice(keyword.length).trim();
    if (rest === '') continue;
    const [, quoted] = /^(?:"([^"\\]*)"|`[^`]*`)$/.exec(rest) ?? [];
    if (quoted !== undefined) return quoted;
    return rest.startsWith('`') ? rest.slice(1, -1) : rest;
  }
  return undefined;
}
