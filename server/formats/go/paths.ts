/** What is wrong with a path, in the words of the go command; nothing where it is good. */
export type Wrong = string | undefined;

const LONGEST = 200;
const WINDOWS = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;
const MODULE_ELEMENT = /^[A-Za-z0-9._~-]+$/;
const FILE_ELEMENT = /^[A-Za-z0-9!#$%&()+,\-.=@[\]^_{}~ \p{L}]+$/u;

/** go.dev/ref/mod#go-mod-file-ident: what may be a module's path. */
export function wrongModulePath(path: string): Wrong {
  if (path.length > LONGEST) return `longer than ${LONGEST} characters`;
  const elements = path.split('/');
  const [first = ''] = elements;
  for (const element of elements) {
    const why = wrongElement(element, MODULE_ELEMENT);
    if (why !== undefined) return why;
    if (element.startsWith('.')) return 'leading dot in path element';
    if (/^[^.]*~\d+(?:\.|$)/.test(element)) return 'trailing tilde and digits in path element';
  }
  if (path.startsWith('-')) return 'leading dash';
  if (!first.includes('.')) return 'missing dot in first path element';
  if (!/^[a-z0-9.-]+$/.test(first)) return 'invalid character in first path element';
  return majorIn(path) === undefined ? 'invalid version' : undefined;
}

/** What may be the path of a file in a module (golang.org/x/mod/module, CheckFilePath). */
export function wrongFilePath(path: string): Wrong {
  for (const element of path.split('/')) {
    const why = wrongElement(element, FILE_ELEMENT);
    if (why !== undefined) return why;
  }
  return undefined;
}

function wrongElement(element: string, characters: RegExp): Wrong {
  if (element === '') return 'empty path element';
  if (/^\.+$/.test(element)) return `invalid path element ${JSON.stringify(element)}`;
  if (element.endsWith('.')) return 'trailing dot in path element';
  if (!characters.test(element)) return 'invalid character';
  const [short = ''] = element.split('.');
  return WINDOWS.test(short)
    ? `${JSON.stringify(short)} disallowed as path element component on Windows`
    : undefined;
}

/**
 * The major version that a module's path ends in: `/v2`, or `.v2` below gopkg.in, and empty without one. Nothing where it
 * ends in what looks like one and is none.
 */
export function majorIn(path: string): string | undefined {
  if (path.startsWith('gopkg.in/')) return /^.+(\.v(?:0|[1-9]\d*))(?:-unstable)?$/.exec(path)?.[1];
  const [, looks] = /^.+(\/v[0-9.]+)$/.exec(path) ?? [];
  if (looks === undefined) return '';
  return /^\/v(?!1$)[1-9]\d*$/.test(looks) ? looks : undefined;
}
