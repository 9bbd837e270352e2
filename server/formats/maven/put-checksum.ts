import { invalid, RegistryError } from '../../core/error.ts';
import { type Command, param } from '../../core/format.ts';
import { readWhole } from '../../lib/read-whole.ts';
import { checksumIn, isChecksum } from './checksums.ts';
import { refOf } from './files.ts';
import { fromAttributes, toAttributes } from './attributes.ts';
import { withDamaged } from './damage.ts';
import { fileToWrite, nameInvalid, packageName } from './layout.ts';
import { created } from './put-file.ts';

const LARGEST_CHECKSUM = 8 * 1024;

/** PUT of a file's checksum: it is held to what the file is, and not kept, since it is known. */
export async function putChecksum({ params, body, repo }: Command): Promise<Response> {
  const file = fileToWrite(param(params, 'path'));
  const algorithm = param(params, 'algorithm');
  if (!isChecksum(algorithm)) throw nameInvalid(`there is no checksum ${algorithm}`, file.path);
  const text = new TextDecoder().decode(
    await readWhole(body, LARGEST_CHECKSUM, `${file.filename}.${algorithm}`),
  );
  const said = checksumIn(text, algorithm);
  if (said === undefined)
    throw invalid('DIGEST_INVALID', `${file.filename}.${algorithm} has no ${algorithm} checksum in it`);
  const stored = await repo.file(refOf(file));
  if (!stored)
    throw new RegistryError(
      'FAILED_PRECONDITION',
      'FILE_UNKNOWN',
      `${file.filename} is not here yet: send it before its checksums, which are then known anyway`,
    );
  const known = stored.checksums?.find((each) => each.algorithm === algorithm)?.hex;
  const actual = algorithm === 'sha256' ? stored.blob.digest.slice('sha256:'.length) : known;
  if (actual === undefined || actual === said) return created();
  await repo.amend(packageName(file), file.version, (before) =>
    toAttributes(withDamaged(fromAttributes(before), file)),
  );
  throw invalid(
    'DIGEST_INVALID',
    `${file.filename}.${algorithm} says ${said}, and ${file.filename} as it is here hashes to ${actual}: it was changed on its way, ` +
      'or is an older one. Deploy it again',
    { [algorithm]: actual },
  );
}
