import type { Checksum, ChecksumAlgorithm } from '../../core/blob.ts';
import { notFound } from '../../core/error.ts';
import { param, type Query } from '../../core/format.ts';
import type { OpenedFile } from '../../core/repo.ts';
import { Hashing } from '../../lib/hashing.ts';

/** What clients ask for behind the name of a file. */
export const CHECKSUMS = ['md5', 'sha1', 'sha256', 'sha512'] as const;

export const isChecksum = (text: string): text is ChecksumAlgorithm =>
  CHECKSUMS.some((each) => each === text);

const DIGITS: Readonly<Record<ChecksumAlgorithm, number>> = { md5: 32, sha1: 40, sha256: 64, sha512: 128 };

/** The checksum in a file that is one, as the many tools write it that make them: perhaps with the name of what it is of. */
export function checksumIn(text: string, algorithm: ChecksumAlgorithm): string | undefined {
  const hex = new RegExp(String.raw`(?<![0-9a-f])[0-9a-f]{${DIGITS[algorithm]}}(?![0-9a-f])`, 'i').exec(text);
  return hex?.[0].toLowerCase();
}

/** What clients are told of a file's checksums with the file, which saves them asking. */
export function checksumHeaders({ checksums = [], digest }: OpenedFile): Record<string, string> {
  const known = checksums.map(({ algorithm, hex }) => [`x-checksum-${algorithm}`, hex] as const);
  const sha256 = digest?.slice('sha256:'.length);
  return {
    ...Object.fromEntries(known),
    ...(known.length > 0 && sha256 !== undefined && { 'x-checksum-sha256': sha256 }),
  };
}

const SAID_BY = ['x-checksum-', 'x-goog-meta-checksum-', 'x-amz-meta-checksum-'];

/** What other servers say of a file's checksums with the file. */
export function checksumsSaid(headers: Headers): readonly Checksum[] {
  const said = CHECKSUMS.flatMap((algorithm) =>
    SAID_BY.flatMap((prefix) => {
      const hex = checksumIn(headers.get(prefix + algorithm) ?? '', algorithm);
      return hex === undefined ? [] : [{ algorithm, hex }];
    }),
  );
  const [, tagged] = /^"\{SHA1\{([0-9a-f]{40})\}\}"$/i.exec(headers.get('etag') ?? '') ?? [];
  return tagged === undefined ? said : [...said, { algorithm: 'sha1', hex: tagged.toLowerCase() }];
}

/** The checksum of a file: known since it came, or read. */
export async function checksumOf(opened: OpenedFile, algorithm: ChecksumAlgorithm): Promise<string> {
  if (algorithm === 'sha256' && opened.digest !== undefined) return opened.digest.slice('sha256:'.length);
  const known = opened.checksums?.find((each) => each.algorithm === algorithm);
  if (known) return known.hex;
  const hashing = new Hashing([algorithm]);
  for await (const piece of new Response(await opened.open()).body ?? []) hashing.update(piece);
  return hashing.finish().checksums.find((each) => each.algorithm === algorithm)?.hex ?? '';
}

/** GET of a file's checksum. */
export const getChecksum =
  (file: (params: Query['params']) => Parameters<Query['repo']['file']>[0]) =>
  async ({ params, repo }: Query): Promise<Response> => {
    const algorithm = param(params, 'algorithm');
    if (!isChecksum(algorithm)) throw notFound('FILE', { path: param(params, 'path') });
    const hex = await checksumOf(await repo.file(file(params)), algorithm);
    return new Response(hex, {
      headers: { 'content-type': 'text/plain', 'cache-control': 'private, no-cache' },
    });
  };
