import { invalid } from '../core/error.ts';
import { FORBIDDEN } from '../http/path.ts';
import type { ApiRoute, Params } from './route.ts';

const LONGEST_PATH = 8 * 1024;
const LONGEST_PART = 255;

interface Compiled {
  readonly route: ApiRoute;
  readonly parts: readonly string[];
  /** Custom method, with its colon. */
  readonly verb: string;
}

export type Match =
  | { readonly kind: 'route'; readonly route: ApiRoute; readonly params: Params }
  | { readonly kind: 'other-method'; readonly allowed: readonly string[] }
  | { readonly kind: 'nowhere' };

/** Finds the route for a path as it was sent. Custom methods go before ids that merely end in their name. */
export function compileRoutes(routes: readonly ApiRoute[]): (method: string, path: string) => Match {
  const compiled = routes.map(compile).sort((a, b) => b.verb.length - a.verb.length);
  const byLength = Map.groupBy(compiled, ({ parts }) => parts.length);
  return (method, path) => {
    const segments = segmentsOf(path);
    const allowed = new Set<string>();
    for (const candidate of byLength.get(segments.length) ?? []) {
      const params = paramsOf(candidate, segments);
      if (!params) continue;
      if (candidate.route.method === method) return { kind: 'route', route: candidate.route, params };
      allowed.add(candidate.route.method);
    }
    return allowed.size > 0 ? { kind: 'other-method', allowed: [...allowed] } : { kind: 'nowhere' };
  };
}

function compile(route: ApiRoute): Compiled {
  const parts = route.path.split('/').slice(1);
  const last = parts.pop() ?? '';
  const colon = last.lastIndexOf(':');
  const verb = colon > 0 ? last.slice(colon) : '';
  return { route, parts: [...parts, last.slice(0, last.length - verb.length)], verb };
}

function paramsOf({ parts, verb }: Compiled, segments: readonly string[]): Params | undefined {
  const params: [string, string][] = [];
  for (const [index, part] of parts.entries()) {
    let segment = segments[index] ?? '';
    if (verb !== '' && index === parts.length - 1) {
      if (!segment.endsWith(verb) || segment.length === verb.length) return undefined;
      segment = segment.slice(0, -verb.length);
    }
    if (part.startsWith(':')) params.push([part.slice(1), segment]);
    else if (part !== segment) return undefined;
  }
  return Object.fromEntries(params.map(([name, segment]) => [name, idOf(name, segment)]));
}

/**
 * Segments of a raw path, each decoded exactly once except that `%2F` stays, as http.proto has it for variables of
 * several segments. Older versions of the API and the prefixes of downloads and uploads are other names of the same things.
 */
function segmentsOf(path: string): readonly string[] {
  if (path.length > LONGEST_PATH)
    throw invalid('URI_TOO_LONG', `the path is longer than ${LONGEST_PATH} bytes`);
  const [, ...raw] = path.split('/');
  if (raw.at(-1) === '') raw.pop();
  if (raw[0] === 'download' && raw.at(-1)?.endsWith(':download')) raw.shift();
  if (/:(?:create|upload)$/.test(raw.at(-1) ?? '')) {
    if (raw[0] === 'resumable' && raw[1] === 'upload') raw.shift();
    if (raw[0] === 'upload') raw.shift();
  }
  if (raw[0] === 'v1beta1' || raw[0] === 'v1beta2') raw[0] = 'v1';
  return raw.map((segment) => segment.split(/%2f/i).map(decodeOnce).join('%2F'));
}

function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed('is not percent-encoded UTF-8');
  }
}

/** What permissions are held on has one name only, so these ids have no slash to be mistaken for a deeper one. */
const PLAIN = new Set([
  'project',
  'location',
  'repository',
  'operation',
  'service',
  'account',
  'key',
  'role',
]);

/** The id that a segment of a resource name stands for. What could be read in two ways is refused. */
function idOf(name: string, segment: string): string {
  const id = unescaped(segment);
  const parts = id.split('/');
  if (PLAIN.has(name) && parts.length > 1) throw malformed(`has a slash inside a ${name}`);
  for (const part of parts)
    if (part === '' || part === '.' || part === '..' || part.length > LONGEST_PART || FORBIDDEN.test(part))
      throw malformed('has an empty, dot, unprintable or overlong part');
  return id;
}

/** Ids are escaped once more inside a name; one that was not is taken as it is. */
function unescaped(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const malformed = (why: string) =>
  invalid('NAME_INVALID', `Request contains an invalid argument: the path ${why}.`);
