import { type Coding, CODINGS, type OpenedDocument } from '../core/documents.ts';
import { cacheHeaders, partialHeaders } from '../lib/cache-status.ts';
import { matchesEtag } from './ranges.ts';

/** Told how many bytes of body go out. */
interface Trace {
  sent: number;
}

/** Answers GET or HEAD from a kept document, in the coding that the client likes best of those there are. */
export async function sendDocument(
  request: Request,
  opened: OpenedDocument,
  trace: Trace,
  { now, more = {} }: { readonly now: number; readonly more?: Readonly<Record<string, string>> },
): Promise<Response> {
  const { bodies, cache, headers: own, without } = opened;
  const wanted = codings(request.headers.get('accept-encoding'));
  const coding = wanted.find((candidate) => bodies[candidate]) ?? 'identity';
  const etag = `"${opened.etag}${coding === 'identity' ? '' : `-${coding}`}"`;
  const dated = datedOf(opened);
  const headers: Record<string, string> = {
    'content-type': opened.contentType,
    etag,
    ...(dated !== undefined && dated <= now && { 'last-modified': new Date(dated).toUTCString() }),
    'cache-control': 'private, no-cache',
    vary: 'accept, accept-encoding',
    'x-content-type-options': 'nosniff',
    ...more,
    ...own,
    ...(cache && cacheHeaders(cache, now)),
    ...(without && partialHeaders(without)),
  };
  if (isUnchanged(request.headers, opened, etag)) return new Response(null, { status: 304, headers });
  if (coding === 'identity' && wanted.length > 0 && opened.coded)
    return sendDocument(request, await opened.coded(), trace, { now, more });
  const body = bodies[coding];
  if (!body) throw new Error('a document has no body');
  if (coding !== 'identity') headers['content-encoding'] = coding;
  if (request.method === 'HEAD')
    return new Response(null, { headers: { ...headers, 'content-length': String(body.size) } });
  trace.sent = body.size;
  return new Response(await body.open(), { headers });
}

/**
 * The date of a document, and of none before it: the end of the second in which it was made, since more than one can be made in a
 * second. Nobody is told of it before it is over.
 */
const datedOf = ({ modifiedAt }: OpenedDocument): number | undefined =>
  modifiedAt === undefined ? undefined : (Math.floor(modifiedAt / 1_000) + 1) * 1_000;

/** An entity tag decides where there is one. */
function isUnchanged(asked: Headers, opened: OpenedDocument, ours: string): boolean {
  const { etag } = opened;
  const known = asked.get('if-none-match');
  // The content is the same in whichever coding the client has it.
  if (known !== null)
    return matchesEtag(known, ours) || CODINGS.some((coding) => matchesEtag(known, `"${etag}-${coding}"`));
  const dated = datedOf(opened);
  return dated !== undefined && dated <= Date.parse(asked.get('if-modified-since') ?? '');
}

/** What a client takes besides the plain body, best first (RFC 9110 12.5.3). */
function codings(header: string | null): readonly Coding[] {
  if (header === null) return [];
  const qualities = new Map(
    header.split(',').map((part) => {
      const [name = '', ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const q = parameters.find((parameter) => parameter.startsWith('q='));
      return [name, q === undefined ? 1 : Number(q.slice(2))] as const;
    }),
  );
  const quality = (coding: Coding): number => qualities.get(coding) ?? qualities.get('*') ?? 0;
  // Where both are as welcome, the smaller one.
  return (['br', 'gzip'] as const)
    .filter((coding) => quality(coding) > 0)
    .sort((a, b) => quality(b) - quality(a));
}
