import type { Operation } from './schemas/operation.ts';
import type { CallOptions, Transport } from './transport.ts';

/** How far an upload has come. */
export type UploadProgress =
  | { readonly done: false; readonly offset: number }
  | { readonly done: true; readonly operation: Operation };

export interface UploadPart {
  /** Where the bytes begin in the whole; without bytes, the server is only asked. */
  readonly offset: number;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly total: number;
  /** Of the whole, in lower-case hex; given with the last part, it is held to it. */
  readonly sha256?: string;
}

/** Methods that take bytes in a session that can be resumed, by its id. */
export const uploadsOf = (http: Transport, collection: string, verb: string) => ({
  begin: async (
    parent: string,
    message: Readonly<Record<string, string>>,
    size: number,
    call: CallOptions = {},
  ): Promise<string> => {
    const answer = await http.raw({
      method: 'POST',
      version: 'resumable/upload/v1',
      path: `${parent}/${collection}`,
      verb,
      query: { uploadType: 'resumable' },
      body: message,
      headers: { 'x-upload-content-length': String(size) },
      ...call,
    });
    return new URL(answer.headers.get('location') ?? '').searchParams.get('upload_id') ?? '';
  },

  send: async (
    parent: string,
    session: string,
    { offset, bytes, total, sha256 }: UploadPart,
    call: CallOptions = {},
  ): Promise<UploadProgress> => {
    const length = bytes?.byteLength ?? 0;
    const range = length === 0 ? '*' : `${offset}-${offset + length - 1}`;
    const answer = await http.raw({
      method: 'PUT',
      version: 'resumable/upload/v1',
      path: `${parent}/${collection}`,
      verb,
      query: { uploadType: 'resumable', upload_id: session },
      bytes: bytes ?? new Uint8Array(),
      headers: {
        'content-type': 'application/octet-stream',
        'content-range': `bytes ${range}/${total}`,
        ...(sha256 !== undefined && { 'x-checksum-sha256': sha256 }),
      },
      also: [308],
      ...call,
    });
    if (answer.status !== 308)
      return { done: true, operation: ((await answer.json()) as { operation: Operation }).operation };
    const last = /^bytes=0-(\d+)$/.exec(answer.headers.get('range') ?? '')?.[1];
    return { done: false, offset: last === undefined ? 0 : Number(last) + 1 };
  },
});
