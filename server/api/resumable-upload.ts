import type { ByteStream } from '../core/blob.ts';
import type { Upload } from '../core/catalog.ts';
import { invalid, notFound } from '../core/error.ts';
import type { UploadMessage } from '../core/artifact-uploads.ts';
import { checksumsIn } from '../lib/checksum-headers.ts';
import type { ApiAnswer } from './route.ts';
import type { Taking, UploadCall } from './artifact-uploads.ts';

/** Parts but the last are multiples of it. */
const GRANULARITY = 256 * 1024;
const INCOMPLETE = 308;

/** What a session is of. It is in the address that the client comes back to, and the session is good for nothing else. */
interface Session {
  readonly message: UploadMessage;
  /** Bytes in all, where the client said. */
  readonly size?: number;
}

/** Answers where to send the bytes (developers.google.com/workspace/drive/api/guides/manage-uploads, resumable). */
export async function beginResumable(
  call: UploadCall,
  taking: Taking,
  message: UploadMessage,
): Promise<ApiAnswer> {
  const size = sizeOf(call.request.headers.get('x-upload-content-length'));
  const { limit } = taking.upload;
  if (size !== undefined && limit !== undefined && size > limit)
    throw invalid('SIZE_LIMIT', `more than ${limit} bytes`, { limit: String(limit) });
  const session: Session = { message, ...(size !== undefined && { size }) };
  const { repo } = await taking.open(call, message);
  const of = written(session);
  const announced = size === undefined ? {} : { announced: { atLeast: size, atMost: size } };
  const upload = await repo.beginUpload(keyOf(taking, of), announced);
  await upload.writer.release();
  const { pathname } = new URL(call.request.url);
  const query = new URLSearchParams({ uploadType: 'resumable', upload_id: `${of}.${upload.session}` });
  return {
    kind: 'empty',
    status: 200,
    headers: {
      location: `${call.origin}${pathname}?${query.toString()}`,
      'x-guploader-uploadid': upload.session.slice(0, 32),
      'x-goog-upload-chunk-granularity': String(GRANULARITY),
    },
  };
}

/**
 * Takes the part that comes next. One that does not begin where the last one ended changes nothing: the answer says how much
 * there is, as it does to who asks. With its last byte the upload becomes what it is of.
 */
export async function continueResumable(call: UploadCall, taking: Taking): Promise<ApiAnswer> {
  const { request } = call;
  const id = new URL(request.url).searchParams.get('upload_id') ?? '';
  const [of = '', ...token] = id.split('.');
  const { message, size } = read(of);
  const range = contentRange(request.headers.get('content-range'));
  const total = range.total ?? size;
  if (size !== undefined && total !== size)
    throw invalid('SIZE_INVALID', `the upload was to have ${size} bytes, and Content-Range says ${total}`);
  const target = await taking.open(call, message);
  const said = checksumsIn(request.headers);
  const most = smaller(total, taking.upload.limit);
  const upload = await target.repo.resumeUpload(keyOf(taking, of), token.join('.'), {
    algorithms: ['md5', ...said.map(({ algorithm }) => algorithm)],
    ...(most !== undefined && { limit: most }),
  });
  const { writer } = upload;
  try {
    const isNext = range.start === writer.offset;
    if (range.start !== undefined && isNext) await append(upload, request, range);
    else await request.body?.cancel();
    const isWhole = total === undefined ? range.endsHere && isNext : writer.offset === total;
    if (!isWhole) return await incomplete(upload);
    const blob = await writer.commit({ checksums: said, ...(total !== undefined && { size: total }) });
    return await taking.finish(call, target, message, blob);
  } catch (error) {
    await writer.release().catch(() => undefined);
    throw error;
  }
}

async function append({ writer }: Upload, request: Request, range: Range): Promise<void> {
  const before = writer.offset;
  const after = await writer.append((request.body ?? new Blob([]).stream()) as ByteStream, before);
  if (range.length !== undefined && after - before !== range.length)
    throw invalid(
      'SIZE_INVALID',
      `${after - before} bytes came, and Content-Range says ${range.length}: ask how much there is, and go on from there`,
    );
}

async function incomplete({ writer }: Upload): Promise<ApiAnswer> {
  await writer.release();
  const { offset } = writer;
  return {
    kind: 'empty',
    status: INCOMPLETE,
    headers: offset === 0 ? {} : { range: `bytes=0-${offset - 1}` },
  };
}

interface Range {
  /** Absent where the client only asks. */
  readonly start?: number;
  readonly length?: number;
  readonly total?: number;
  /** Whether nothing comes after this part. */
  readonly endsHere: boolean;
}

/** `bytes 0-5/10`, `bytes 0-5/*`, `bytes *\/10`; without one, the body is all of it. */
function contentRange(header: string | null): Range {
  if (header === null) return { start: 0, endsHere: true };
  const [, part, first = '', last = '', all = ''] =
    /^bytes (?:\*|((\d{1,15})-(\d{1,15})))\/(\d{1,15}|\*)$/.exec(header.trim()) ?? [];
  const total = all === '*' ? undefined : Number(all);
  const [start, end] = [Number(first), Number(last)];
  if (all === '' || (part !== undefined && (end < start || (total !== undefined && end >= total))))
    throw invalid(
      'CONTENT_RANGE',
      'Content-Range is written bytes FIRST-LAST/TOTAL, or bytes */TOTAL to ask how much there is',
    );
  return {
    ...(part !== undefined && { start, length: end - start + 1 }),
    ...(total !== undefined && { total }),
    endsHere: false,
  };
}

function sizeOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,15}$/.test(header)) return Number(header);
  throw invalid('SIZE_INVALID', 'X-Upload-Content-Length is a number of bytes');
}

const smaller = (...limits: readonly (number | undefined)[]): number | undefined => {
  const set = limits.filter((limit) => limit !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
};

/** Whom and what a session is bound to beside the caller and the repository. */
const keyOf = ({ upload }: Taking, of: string): string => `${upload.collection}:${upload.verb} ${of}`;

const written = (session: Session): string => Buffer.from(JSON.stringify(session)).toString('base64url');

const isMessage = (value: object | null): value is UploadMessage =>
  value !== null && !Array.isArray(value) && Object.values(value).every((field) => typeof field === 'string');

/** The session proves that it was made here; what is not so is told apart when it is opened. */
function read(of: string): Session {
  try {
    const session = JSON.parse(Buffer.from(of, 'base64url').toString()) as Partial<Session> | null;
    const message = session?.message;
    if (typeof message === 'object' && isMessage(message)) return { ...session, message };
  } catch {
    // As if there were no such session.
  }
  throw notFound('BLOB_UPLOAD');
}
