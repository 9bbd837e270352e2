import type { ByteStream } from '../core/blob.ts';
import { invalid } from '../core/error.ts';
import { MarkedSource, refuse, untilMark } from './marked-source.ts';

/** Bytes of what describes an upload, and of the headers of a part. */
const LARGEST_DESCRIPTION = 1024 * 1024;
const LARGEST_HEAD = 16 * 1024;

/** The boundary of a multipart/related body. Nothing for a body of any other type. */
export function relatedBoundary(contentType: string | null): string | undefined {
  if (!/^\s*multipart\/related\s*;/i.test(contentType ?? '')) return undefined;
  // Google's own client quotes it as Python does.
  const [, double, single, plain] =
    /;\s*boundary=(?:"([^"]{1,70})"|'([^']{1,70})'|([^\s;"']{1,70}))/i.exec(contentType ?? '') ?? [];
  const boundary = double ?? single ?? plain;
  if (boundary === undefined) throw invalid('BODY_INVALID', 'the content-type names no boundary');
  return boundary;
}

/**
 * Reads an upload of two parts (RFC 2387, as Google's APIs have it): a message in JSON, and the bytes that it describes, which `take`
 * reads as they come. Lines may end as those of Unix do. BODY_INVALID for a body that is none.
 */
export async function readRelated<T>(
  body: ByteStream,
  boundary: string,
  take: (description: string, content: ByteStream) => Promise<T>,
): Promise<T> {
  const source = new MarkedSource(body);
  try {
    await source.upTo(Buffer.from(`--${boundary}`), LARGEST_HEAD);
    const line = await endOfLine(source);
    const delimiter = Buffer.from(`${line}--${boundary}`);
    await skipHead(source, line);
    const described = Buffer.concat(await source.upTo(delimiter, LARGEST_DESCRIPTION)).toString('utf8');
    if ((await endOfLine(source)) !== line) throw refuse('a boundary has something behind it');
    await skipHead(source, line);
    const content = untilMark(source, delimiter);
    const taken = await take(described, content.stream);
    await content.skip();
    if (!(await source.exactly(2)).equals(Buffer.from('--'))) throw refuse('it has more than two parts');
    await source.drain();
    return taken;
  } catch (error) {
    await source.cancel();
    throw error;
  }
}

async function endOfLine(source: MarkedSource): Promise<string> {
  const first = await source.exactly(1);
  if (first.equals(Buffer.from('\n'))) return '\n';
  const line = Buffer.concat([first, await source.exactly(1)]);
  if (line.equals(Buffer.from('\r\n'))) return '\r\n';
  throw refuse('it has fewer than two parts, or a boundary with something behind it');
}

async function skipHead(source: MarkedSource, line: string): Promise<void> {
  // A part without headers begins with an empty line at once.
  source.unread(Buffer.from(line));
  await source.upTo(Buffer.from(line + line), LARGEST_HEAD);
}
