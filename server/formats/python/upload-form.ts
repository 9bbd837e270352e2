import { announcedBytes } from '../../lib/announced-bytes.ts';
import type { ByteStream, CommittedBlob } from '../../core/blob.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import type { Command } from '../../core/format.ts';
import { boundaryOf, readMultipart } from '../../lib/multipart.ts';
import { readWhole } from '../../lib/read-whole.ts';

/** Larger than any that is installed. */
const LARGEST_FILE = 16 * 1024 * 1024 * 1024;
const LARGEST_FIELD = 64 * 1024;
const LARGEST_ATTESTATIONS = 4 * 1024 * 1024;

/** What a form may well say beside its file: descriptions are long. */
const BESIDE = 16 * 1024 * 1024;
/** Of what clients send, all that is not read out of the file itself. */
const FIELDS = {
  ':action': LARGEST_FIELD,
  name: LARGEST_FIELD,
  version: LARGEST_FIELD,
  md5_digest: LARGEST_FIELD,
  sha256_digest: LARGEST_FIELD,
  blake2_256_digest: LARGEST_FIELD,
  attestations: LARGEST_ATTESTATIONS,
} as const;
type Field = keyof typeof FIELDS;

export interface SentFile {
  readonly filename: string;
  readonly blob: CommittedBlob;
  /** BLAKE2b of 256 bits, in lower-case hex. */
  readonly blake2: string;
}

export interface UploadForm {
  readonly fields: ReadonlyMap<Field, string>;
  readonly file: SentFile;
}

/** Reads an upload (the public index's "legacy" form); its file goes straight to the store, wherever in the form it comes. */
export async function readUploadForm({ body, headers, repo }: Command): Promise<UploadForm> {
  const fields = new Map<Field, string>();
  let file: SentFile | undefined;
  await readMultipart(body, boundaryOf(headers.get('content-type')), async ({ name, filename }, content) => {
    if (name === 'content' && filename !== undefined) {
      if (file) throw invalid('BODY_INVALID', 'the form has more than one file: send one in each request');
      const { hashed, blake2 } = hashing(content);
      const blob = await repo.store(hashed, {
        algorithms: ['md5'],
        limit: LARGEST_FILE,
        ...announcedBytes(headers, { beside: BESIDE }),
      });
      file = { filename, blob, blake2: blake2() };
    } else if (isField(name)) {
      if (fields.has(name)) throw invalid('BODY_INVALID', `the form has ${name} twice`);
      const text = new TextDecoder().decode(await readWhole(content, FIELDS[name], `the field ${name}`));
      fields.set(name, text.trim());
    }
  });
  requireUpload(fields.get(':action'));
  if (!file)
    throw invalid('BODY_INVALID', 'the form has no file: send the distribution in a part called content');
  return { fields, file };
}

const isField = (name: string): name is Field => Object.hasOwn(FIELDS, name);

function requireUpload(action: string | undefined): void {
  if (action === 'file_upload') return;
  throw new RegistryError(
    'INVALID_ARGUMENT',
    'ACTION_INVALID',
    `${JSON.stringify(action?.slice(0, 80) ?? '')} is not possible here: the only :action is file_upload`,
  );
}

/** The store has no such hash. */
function hashing(content: ByteStream): { readonly hashed: ByteStream; readonly blake2: () => string } {
  const hasher = new Bun.CryptoHasher('blake2b256');
  const hashed = content.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(bytes, controller) {
        hasher.update(bytes);
        controller.enqueue(bytes);
      },
    }),
  );
  return { hashed, blake2: () => hasher.digest('hex') };
}

/** Holds a file to what its client says that it is. DIGEST_INVALID otherwise. */
export function checkDigests({ fields, file }: UploadForm): void {
  const actual = new Map<Field, string>([
    ...file.blob.checksums.map(({ algorithm, hex }) => [`${algorithm}_digest` as Field, hex] as const),
    ['blake2_256_digest', file.blake2],
  ]);
  for (const [field, hex] of actual) {
    const said = fields.get(field)?.toLowerCase();
    if (said !== undefined && said !== '' && said !== hex)
      throw invalid(
        'DIGEST_INVALID',
        `The digest supplied does not match a digest calculated from the uploaded file: ${field} is ${hex}`,
        { [field]: hex },
      );
  }
}
