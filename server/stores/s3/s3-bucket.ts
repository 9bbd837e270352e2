import type { Element } from '../../lib/xml-document.ts';
import { childrenOf, textOf } from './s3-answers.ts';
import { S3Failure } from './s3-failure.ts';
import type { S3Requests } from './s3-requests.ts';

export interface S3Object {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** When it was last written, by the storage's clock. Milliseconds since the epoch. */
  readonly writtenAt: number;
}

interface Page {
  readonly objects: readonly S3Object[];
  /** The storage's time when it answered. Milliseconds since the epoch. */
  readonly at: number;
  /** Where the next page goes on; nothing behind the last one. */
  readonly next?: string;
}

export interface S3Part {
  readonly number: number;
  readonly etag: string;
}

/** The operations on objects that backups need, each one request; failures are S3Failure. */
export class S3Bucket {
  readonly #requests: S3Requests;

  constructor(requests: S3Requests) {
    this.#requests = requests;
  }

  async put(key: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#requests.answer({ method: 'PUT', key, body });
  }

  read(key: string, each: (piece: Uint8Array) => Promise<void> | void): Promise<void> {
    return this.#requests.read(key, each);
  }

  async remove(key: string): Promise<void> {
    await unlessAbsent(this.#requests.answer({ method: 'DELETE', key }));
  }

  /** Objects in the order of their keys. */
  async *list(prefix: string): AsyncGenerator<S3Object> {
    for (let after: string | undefined; ;) {
      const { objects, next } = await this.page(prefix, after);
      yield* objects;
      if (next === undefined) return;
      if (next === after) throw withoutEnd('objects');
      after = next;
    }
  }

  async page(prefix: string, after?: string): Promise<Page> {
    const query = { 'list-type': '2', prefix, ...(after !== undefined && { 'continuation-token': after }) };
    const { root, headers } = await this.#requests.answer({ method: 'GET', query });
    const page = required(root, 'ListBucketResult');
    const next = textOf(page, 'NextContinuationToken');
    const at = Date.parse(headers.get('date') ?? '');
    return {
      objects: childrenOf(page, 'Contents').map((entry) => ({
        key: textOf(entry, 'Key'),
        size: Number(textOf(entry, 'Size')),
        writtenAt: Date.parse(textOf(entry, 'LastModified')),
      })),
      at: Number.isNaN(at) ? this.#requests.now() : at,
      ...(textOf(page, 'IsTruncated') === 'true' && next !== '' && { next }),
    };
  }

  /** Begins an object that comes in parts; answers the upload's id. */
  async begin(key: string): Promise<string> {
    const { root } = await this.#requests.answer({ method: 'POST', key, query: { uploads: '' } });
    return textOf(required(root, 'InitiateMultipartUploadResult'), 'UploadId');
  }

  async putPart(key: string, upload: string, number: number, body: Uint8Array<ArrayBuffer>): Promise<S3Part> {
    const query = { partNumber: String(number), uploadId: upload };
    const { headers } = await this.#requests.answer({ method: 'PUT', key, query, body });
    return { number, etag: headers.get('etag') ?? '' };
  }

  /** Makes the object out of its parts. */
  async complete(key: string, upload: string, parts: readonly S3Part[]): Promise<void> {
    const named = parts.map(
      ({ number, etag }) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag></Part>`,
    );
    const document = `<CompleteMultipartUpload>${named.join('')}</CompleteMultipartUpload>`;
    await this.#requests.answer({
      method: 'POST',
      key,
      query: { uploadId: upload },
      body: new TextEncoder().encode(document),
    });
  }

  async abort(key: string, upload: string): Promise<void> {
    await unlessAbsent(this.#requests.answer({ method: 'DELETE', key, query: { uploadId: upload } }));
  }

  /** Objects that were begun and neither made nor given up, in the order of their keys. */
  async *begun(prefix: string): AsyncGenerator<{ readonly key: string; readonly upload: string }> {
    for (let after: Readonly<Record<string, string>> = {}; ;) {
      const { root } = await this.#requests.answer({
        method: 'GET',
        query: { uploads: '', prefix, ...after },
      });
      const page = required(root, 'ListMultipartUploadsResult');
      for (const entry of childrenOf(page, 'Upload'))
        yield { key: textOf(entry, 'Key'), upload: textOf(entry, 'UploadId') };
      if (textOf(page, 'IsTruncated') !== 'true') return;
      const next = {
        'key-marker': textOf(page, 'NextKeyMarker'),
        'upload-id-marker': textOf(page, 'NextUploadIdMarker'),
      };
      if (
        next['key-marker'] === after['key-marker'] &&
        next['upload-id-marker'] === after['upload-id-marker']
      )
        throw withoutEnd('uploads');
      after = next;
    }
  }
}

const withoutEnd = (what: string): S3Failure =>
  new S3Failure(`the storage lists ${what} without end: it goes on where it began`, {
    status: 200,
    code: '',
  });

function required(root: Element | undefined, name: string): Element {
  if (root?.name === name) return root;
  const says = `the answer is no ${name}: --s3-endpoint is perhaps not the address of an S3 storage`;
  throw new S3Failure(says, { status: 200, code: '' });
}

async function unlessAbsent(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!(error instanceof S3Failure) || (error.code !== 'NoSuchKey' && error.code !== 'NoSuchUpload'))
      throw error;
  }
}
