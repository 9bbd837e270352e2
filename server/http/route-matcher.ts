import type { Params } from '../core/format.ts';

interface Pattern {
  /** Whether it is only for addresses that end in a slash, as those of folders do. */
  readonly isFolder: boolean;
  /** What stands before the greedy parameter, or everything when there is none. */
  readonly head: readonly string[];
  readonly greedy?: { readonly name: string; readonly least: 0 | 1 };
  readonly tail: readonly string[];
}

/** One route's path against a request's segments: the parameters, or nothing when it is another path. */
export type PathMatch = (segments: readonly string[], endsInSlash?: boolean) => Params | undefined;

/**
 * Compiles a path such as `/:image+/manifests/:reference`. At most one parameter is greedy; what follows it is
 * matched from the right, so an image may be called `manifests`. One that ends in a slash matches only what does, too.
 */
export function compilePath(path: string): PathMatch {
  const { head, greedy, tail, isFolder } = parse(path);
  const fixed = head.length + tail.length;
  return (segments, endsInSlash = false) => {
    if (isFolder && !endsInSlash) return undefined;
    if (greedy ? segments.length < fixed + greedy.least : segments.length !== fixed) return undefined;
    const params: Record<string, string> = {};
    const tailAt = segments.length - tail.length;
    if (!matchPart(tail, segments, tailAt, params) || !matchPart(head, segments, 0, params)) return undefined;
    if (!greedy) return params;
    const many = segments.slice(head.length, tailAt);
    // A segment with an encoded slash would be taken for two.
    if (many.some((segment) => segment.includes('/'))) return undefined;
    params[greedy.name] = many.join('/');
    return params;
  };
}

function matchPart(
  pattern: readonly string[],
  segments: readonly string[],
  at: number,
  params: Record<string, string>,
): boolean {
  for (const [index, part] of pattern.entries()) {
    const segment = segments[at + index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = segment;
    else if (part !== segment) return false;
  }
  return true;
}

function parse(path: string): Pattern {
  const parts = path.split('/').filter((part) => part !== '');
  const isFolder = parts.length > 0 && path.endsWith('/');
  const at = parts.findIndex((part) => part.startsWith(':') && (part.endsWith('+') || part.endsWith('*')));
  const greedy = parts[at];
  if (greedy === undefined) return { isFolder, head: parts, tail: [] };
  return {
    isFolder,
    head: parts.slice(0, at),
    greedy: { name: greedy.slice(1, -1), least: greedy.endsWith('+') ? 1 : 0 },
    tail: parts.slice(at + 1),
  };
}
