/** Where someone goes after log-in: a path here, whatever was asked for. Never another site. */
export function localPath(asked: string | null | undefined, otherwise = '/login'): string {
  if (!asked || asked.length > 4096 || !/^\/(?![/\\])[\u0021-\u005b\u005d-\u007e]*$/.test(asked))
    return otherwise;
  const base = 'http://here.invalid';
  const url = URL.parse(asked, base);
  return url?.origin === base && !url.pathname.startsWith('//')
    ? `${url.pathname}${url.search}${url.hash}`
    : otherwise;
}
