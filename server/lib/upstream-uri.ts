/** A format's root segment stands at the front of every address of it, wherever in its host a repository is. */
export function upstreamUri(root: string | undefined, uri: string): string {
  const url = new URL(uri);
  if (root === undefined || url.pathname === `/${root}` || url.pathname.startsWith(`/${root}/`)) return uri;
  return `${url.origin}/${root}${url.pathname}`;
}

/** What a format's probe is below: the root of its host where the format has one, else the repository. */
export const probedUri = (root: string | undefined, uri: string): string =>
  root === undefined ? uri : `${new URL(uri).origin}/${root}/`;
