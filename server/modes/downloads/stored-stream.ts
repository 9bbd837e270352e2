import type { BlobInfo, BlobStore, ByteRange, ByteStream } from '../../core/blob.ts';

/** A blob's bytes; where it is not there, a stream that fails. */
export function storedStream(
  blobs: Pick<BlobStore, 'open'>,
  blob: BlobInfo,
  range: ByteRange | undefined,
): ByteStream {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  void (async () => {
    try {
      const { body } = new Response(await blobs.open(blob, range));
      await (body ?? new Blob([]).stream()).pipeTo(writable);
    } catch (error) {
      await writable.abort(error).catch(() => undefined);
    }
  })();
  return readable;
}
