import type { Body, ByteRange } from '../core/blob.ts';
import type { FileRef } from '../core/catalog.ts';
import type { OpenedFile } from '../core/repo.ts';
import { matchesEtag, parseRange } from './ranges.ts';

const YEAR = 31_536_000;

interface SendOptions {
  /** Headers of the route, on top of the common ones. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  /** Told how many bytes of body go out. */
  readonly trace?: { sent: number };
}

/** Answers GET or HEAD from a file: conditional, by range, or whole, with the same headers either way. */
export async function sendFile(request: Request, opened: OpenedFile, options: SendOptions = {}): Promise<Response> {
  const { file, size, blob } = opened;
  const etag = `"${blob.digest}"`;
  const headers: Record<string, string> = {
    'content-type': options.contentType ?? file.contentType ?? 'application/octet-stream',
    etag,
    'accept-ranges': 'bytes',
    'cache-control': cacheControl(file),
    // Stored content is data to whoever opens it in a browser, never a page of ours.
    'content-disposition': 'attachment',
    'x-content-type-options': 'nosniff',
    ...options.headers,
  };
  const asked = request.headers;
  if (matchesEtag(asked.get('if-none-match'), etag)) return new Response(null, { status: 304, headers });

  const range = rangeOf(asked, etag, size);
  if (range) {
    headers['content-range'] = `bytes ${range.start}-${range.end}/${size}`;
    return answer(request, 206, headers, range.end - range.start + 1, () => opened.open(range), options.trace);
  }
  return answer(request, 200, headers, size, () => opened.open(), options.trace);
}

/** A range counts only while the client's copy is still the one we have (RFC 9110 13.1.5). */
function rangeOf(asked: Headers, etag: string, size: number): ByteRange | undefined {
  const range = asked.get('range');
  if (range === null) return undefined;
  const condition = asked.get('if-range');
  return condition === null || condition === etag ? parseRange(range, size) : undefined;
}

async function answer(
  request: Request,
  status: number,
  headers: Record<string, string>,
  length: number,
  open: () => Promise<Body>,
  trace: SendOptions['trace'],
): Promise<Response> {
  if (request.method === 'HEAD') {
    headers['content-length'] = String(length);
    return new Response(null, { status, headers });
  }
  if (trace) trace.sent = length;
  return new Response(await open(), { status, headers });
}

function cacheControl({ freshness }: FileRef): string {
  switch (freshness) {
    case 'immutable':
      return `private, max-age=${YEAR}, immutable`;
    case 'revalidate':
      return 'private, no-cache';
    default:
      return freshness satisfies never;
  }
}
