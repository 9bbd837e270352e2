import type { ByteStream, CommittedBlob } from '../core/blob.ts';
import { invalid } from '../core/error.ts';
import type { UploadMessage } from '../core/artifact-uploads.ts';
import { readRelated, relatedBoundary } from '../lib/related-parts.ts';
import { readWhole } from '../lib/read-whole.ts';
import { parseJsonStrictly } from '../lib/strict-json.ts';

const LARGEST_MESSAGE = 64 * 1024;

/** Stores what is uploaded, once it is known what it is. */
export type Store = (message: UploadMessage, content: ByteStream) => Promise<CommittedBlob>;

export interface Uploaded {
  readonly message: UploadMessage;
  readonly blob: CommittedBlob;
}

/**
 * Reads an upload that comes in one request: a message and bytes in two related parts, or bytes alone, with the message in the
 * query (developers.google.com/workspace/drive/api/guides/manage-uploads), which need no announcement where no message is
 * expected. BODY_INVALID for anything else.
 */
export async function readUploaded(
  request: Request,
  fields: readonly string[],
  store: Store,
): Promise<Uploaded> {
  const type = request.headers.get('content-type');
  const kind = new URL(request.url).searchParams.get('uploadType');
  const boundary = relatedBoundary(type);
  if (kind === 'media' || (fields.length === 0 && boundary === undefined))
    return ofMedia(request, fields, store);
  if (kind !== null && kind !== 'multipart')
    throw invalid('UPLOAD_TYPE', `uploadType is multipart, resumable or media, not ${kind.slice(0, 40)}`);
  if (kind === null && !/^\s*multipart\//i.test(type ?? ''))
    throw invalid(
      'BODY_INVALID',
      'there are no bytes in the request: send them below /upload/v1 with uploadType=multipart or uploadType=resumable',
    );
  if (boundary === undefined) throw invalid('BODY_INVALID', 'the body must be multipart/related');
  return readRelated(streamOf(request), boundary, async (description, content) => {
    const message = parsed(Buffer.from(description), fields);
    return { message, blob: await store(message, content) };
  });
}

/** A message in the query; where bytes come later, in the body too. */
export async function messageIn(request: Request, fields: readonly string[]): Promise<UploadMessage> {
  const body = request.body
    ? await readWhole(streamOf(request), LARGEST_MESSAGE, 'the message')
    : new Uint8Array();
  return { ...inQuery(request, fields), ...parsed(body, fields) };
}

async function ofMedia(request: Request, fields: readonly string[], store: Store): Promise<Uploaded> {
  const message = inQuery(request, fields);
  return { message, blob: await store(message, streamOf(request)) };
}

function inQuery(request: Request, fields: readonly string[]): UploadMessage {
  const query = new URL(request.url).searchParams;
  return Object.fromEntries(fields.flatMap((field) => (query.has(field) ? [[field, query.get(field)]] : [])));
}

function parsed(bytes: Uint8Array, fields: readonly string[]): UploadMessage {
  if (bytes.byteLength === 0) return {};
  let value: unknown;
  try {
    value = parseJsonStrictly(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(
      'INVALID_JSON',
      `Invalid JSON payload received. ${error instanceof Error ? error.message : ''}`,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('INVALID_JSON', 'Invalid JSON payload received. The message must be an object');
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      const name = key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      if (!fields.includes(name))
        throw invalid(
          'INVALID_JSON',
          `Invalid JSON payload received. Unknown name ${JSON.stringify(key.slice(0, 80))}: Cannot find field.`,
        );
      if (typeof text !== 'string') throw invalid('INVALID_JSON', `${name} must be a string`);
      return [name, text];
    }),
  );
}

const streamOf = (request: Request): ByteStream => (request.body ?? new Blob([]).stream()) as ByteStream;
