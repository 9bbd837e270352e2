import type { ByteStream } from '../core/blob.ts';
import { invalid } from '../core/error.ts';
import { MarkedSource, refuse, tooMuch, untilMark } from './marked-source.ts';

/** A part of a form (RFC 7578): what its headers say. */
export interface PartHead {
  readonly name: string;
  /** Given for files. */
  readonly filename?: string;
}

export interface MultipartLimits {
  readonly parts: number;
  /** Bytes of a part's headers. */
  readonly head: number;
}
const LIMITS: MultipartLimits = { parts: 10_000, head: 16 * 1024 };

const LINE = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

/** The boundary that a content type names (RFC 2046 5.1.1). BODY_INVALID for anything else than a form with one. */
export function boundaryOf(contentType: string | null): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s";,]{1,70}))/i.exec(contentType ?? '') ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined || !/^\s*multipart\/form-data\s*;/i.test(contentType ?? ''))
    throw invalid(
      'BODY_INVALID',
      'the body must be multipart/form-data, with a boundary in its content-type',
    );
  return boundary;
}

/**
 * Reads a form part by part, in the order in which they are sent, and holds no more of it than `take` does. What `take`
 * leaves of a part is skipped. INVALID_ARGUMENT (BODY_INVALID, SIZE_LIMIT) for a body that is no such form, or is cut off.
 */
export async function readMultipart(
  body: ByteStream,
  boundary: string,
  take: (head: PartHead, content: ByteStream) => Promise<void>,
  limits: MultipartLimits = LIMITS,
): Promise<void> {
  const source = new MarkedSource(body);
  try {
    await parts(source, Buffer.from(`\r\n--${boundary}`), take, limits);
    await source.drain();
  } catch (error) {
    await source.cancel();
    throw error;
  }
}

async function parts(
  source: MarkedSource,
  delimiter: Buffer,
  take: (head: PartHead, content: ByteStream) => Promise<void>,
  limits: MultipartLimits,
): Promise<void> {
  // The first delimiter may have no line in front of it.
  source.unread(LINE);
  while ((await source.until(delimiter)) !== undefined);
  for (let count = 0; !(await isLast(source)); count += 1) {
    if (count === limits.parts) throw tooMuch(`the form has more than ${limits.parts} parts`);
    const head = headOf(await headerBlock(source, limits.head));
    const content = untilMark(source, delimiter);
    await take(head, content.stream);
    await content.skip();
  }
}

/** Behind a delimiter: `--` where it was the last one, else the end of its line. */
async function isLast(source: MarkedSource): Promise<boolean> {
  const mark = await source.exactly(2);
  if (mark.equals(Buffer.from('--'))) return true;
  source.unread(mark);
  const padding = Buffer.concat(await source.upTo(LINE, 256));
  if (!/^[ \t]*$/.test(padding.toString('latin1'))) throw refuse('a boundary has something behind it');
  return false;
}

async function headerBlock(source: MarkedSource, limit: number): Promise<string> {
  // A part without headers begins with an empty line at once.
  source.unread(LINE);
  return Buffer.concat(await source.upTo(HEAD_END, limit)).toString('utf8');
}

function headOf(text: string): PartHead {
  const line = text.split('\r\n').find((each) => /^content-disposition\s*:/i.test(each)) ?? '';
  const name = parameter(line, 'name');
  if (!/^content-disposition\s*:\s*form-data\s*;/i.test(line) || name === undefined)
    throw refuse('a part has no content-disposition of a form with a name');
  const filename = parameter(line, 'filename');
  return { name, ...(filename !== undefined && { filename }) };
}

/** Clients write quotes as `%22` (the HTML standard) or behind a backslash. */
function parameter(line: string, name: string): string | undefined {
  const [, quoted, plain] =
    new RegExp(String.raw`;\s*${name}=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))`, 'i').exec(line) ?? [];
  return quoted?.replaceAll(/\\(["\\])/g, '$1').replaceAll('%22', '"') ?? plain;
}
