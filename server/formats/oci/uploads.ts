import type { CommittedBlob, Digest, WriteOptions } from '../../core/blob.ts';
import type { Upload } from '../../core/catalog.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import { type Command, param } from '../../core/format.ts';
import { announcedBytes } from '../../lib/announced-bytes.ts';
import { blobFile } from './files.ts';
import { mountBlob } from './mount.ts';
import { checksumOf, digestOf, imageName, type OciDigest } from './names.ts';

/** POST …/blobs/uploads/: mounts, takes the whole blob, or begins a session (spec.md, Pushing Blobs). */
export async function startUpload(command: Command): Promise<Response> {
  const { params, query, repo } = command;
  const image = imageName(param(params, 'image'));
  const mount = query.get('mount');
  if (mount !== null) {
    const mounted = await mountBlob(command, image, digestOf(mount));
    if (mounted) return created(command, image, mounted);
  }
  const digest = query.get('digest');
  if (digest !== null) {
    const wanted = digestOf(digest);
    const upload = await repo.beginUpload(image, { ...hashing(wanted), ...announced(command, wanted) });
    try {
      return await finish(command, image, upload, wanted);
    } catch (error) {
      // The client was never told of the session, so nobody would continue it.
      await upload.writer.abort();
      throw error;
    }
  }
  const algorithm = query.get('digest-algorithm');
  if (algorithm !== null && algorithm !== 'sha256' && algorithm !== 'sha512')
    throw invalid('DIGEST_INVALID', 'sha256 and sha512 are the algorithms this registry takes', {
      algorithm,
    });
  const upload = await repo.beginUpload(image, algorithm === 'sha512' ? { algorithms: ['sha512'] } : {});
  await upload.writer.release();
  return progress(command, image, upload, 202);
}

/** GET …/blobs/uploads/<session>: how far it has come, as the disk says. */
export async function uploadStatus(command: Command): Promise<Response> {
  const image = imageName(param(command.params, 'image'));
  const upload = await resume(command, image);
  await upload.writer.release();
  return progress(command, image, upload, 204);
}

/** PATCH …/blobs/uploads/<session>: one chunk, in order; without Content-Range, what follows. */
export async function appendChunk(command: Command): Promise<Response> {
  const image = imageName(param(command.params, 'image'));
  const upload = await resume(command, image, announced(command));
  await orRelease(upload, () => append(command, image, upload));
  await upload.writer.release();
  return progress(command, image, upload, 202);
}

/** PUT …/blobs/uploads/<session>?digest=: perhaps a last chunk, then the whole is held to the digest. */
export async function finishUpload(command: Command): Promise<Response> {
  const image = imageName(param(command.params, 'image'));
  const digest = command.query.get('digest');
  if (digest === null) throw invalid('DIGEST_INVALID', 'say what the blob is: add ?digest=sha256:…');
  const wanted = digestOf(digest);
  const upload = await resume(command, image, { ...hashing(wanted), ...announced(command, wanted) });
  return orRelease(upload, () => finish(command, image, upload, wanted));
}

/** DELETE …/blobs/uploads/<session>. */
export async function cancelUpload(command: Command): Promise<Response> {
  const image = imageName(param(command.params, 'image'));
  const { writer } = await resume(command, image);
  await writer.abort();
  return new Response(null, { status: 204 });
}

/** What a chunk that failed had brought stays for a later request; the descriptor does not. */
async function orRelease<T>({ writer }: Upload, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await writer.release().catch(() => undefined);
    throw error;
  }
}

const hashing = (digest: OciDigest): WriteOptions =>
  digest.startsWith('sha512:') ? { algorithms: ['sha512'] } : {};

/** All of the blob, or as much as there is of it after this chunk. */
function announced({ headers }: Command, digest?: OciDigest): Pick<WriteOptions, 'announced'> {
  const range = contentRange(headers.get('content-range'));
  const length = announcedBytes(headers).announced?.atLeast;
  const atLeast = range ? range.end + 1 : length;
  if (atLeast === undefined) return {};
  const isKnown = digest?.startsWith('sha256:') === true;
  return {
    announced: { atLeast, atMost: Number.MAX_SAFE_INTEGER, ...(isKnown && { digest: digest as Digest }) },
  };
}

async function resume({ params, repo }: Command, image: string, options?: WriteOptions): Promise<Upload> {
  return repo.resumeUpload(image, param(params, 'session'), options);
}

async function finish(command: Command, image: string, upload: Upload, digest: OciDigest): Promise<Response> {
  await append(command, image, upload);
  const blob: CommittedBlob = await upload.writer.commit({ checksums: [checksumOf(digest)] });
  await command.repo.link({ ...blobFile(image, digest), blob });
  return created(command, image, digest);
}

/** A chunk that does not begin where the last one ended changes nothing, and the answer says where that is. */
async function append(command: Command, image: string, upload: Upload): Promise<void> {
  const { headers, body } = command;
  const range = contentRange(headers.get('content-range'));
  const length = headers.get('content-length');
  const before = upload.writer.offset;
  if (range && range.start === before && length !== null && Number(length) !== range.end - range.start + 1)
    throw invalid('SIZE_INVALID', `the chunk has ${length} bytes, its Content-Range says otherwise`);
  const after = await upload.writer.append(body, range?.start).catch((error: unknown) => {
    throw withWhereabouts(error, whereabouts(command, image, upload));
  });
  const expected = range ? range.end - range.start + 1 : length === null ? undefined : Number(length);
  if (expected !== undefined && after - before !== expected)
    throw invalid('SIZE_INVALID', `the chunk ended after ${after - before} of ${expected} bytes`);
}

function withWhereabouts(error: unknown, headers: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof RegistryError) || error.reason !== 'RANGE_INVALID') return error;
  return new RegistryError(error.code, error.reason, error.message, { headers });
}

/** `<start>-<end>`, both inclusive, as the specification writes it for chunks. */
function contentRange(header: string | null): { start: number; end: number } | undefined {
  if (header === null) return undefined;
  const match = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header.trim());
  const [start, end] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || end < start) throw invalid('BLOB_UPLOAD_INVALID', 'write Content-Range as <start>-<end>');
  return { start, end };
}

const whereabouts = (
  command: Command,
  image: string,
  { session, writer }: Upload,
): Record<string, string> => ({
  location: `${command.basePath}/${image}/blobs/uploads/${session}`,
  range: `0-${Math.max(0, writer.offset - 1)}`,
  'docker-upload-uuid': writer.id,
});

function progress(command: Command, image: string, upload: Upload, status: 202 | 204): Response {
  const headers: Record<string, string> = whereabouts(command, image, upload);
  if (status === 202) headers['content-length'] = '0';
  return new Response(null, { status, headers });
}

const created = ({ basePath }: Command, image: string, digest: OciDigest): Response =>
  new Response(null, {
    status: 201,
    headers: {
      location: `${basePath}/${image}/blobs/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    },
  });
