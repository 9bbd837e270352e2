/** Puts `content` between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`; the rest of the page is people's. */
export function replaceSection(page: string, name: string, content: string): string {
  const opening = `<!-- bench:${name} -->`;
  const closing = `<!-- /bench:${name} -->`;
  const from = page.indexOf(opening);
  const to = page.indexOf(closing);
  if (from === -1 || to < from) throw new Error(`the page has no section ${opening} … ${closing}`);
  return `${page.slice(0, from + opening.length)}\n${content}\n${page.slice(to)}`;
}
