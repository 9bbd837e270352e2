import type { Attributes, NewFile } from '../../core/catalog.ts';
import type { CommittedBlob } from '../../core/blob.ts';
import { invalid, RegistryError } from '../../core/error.ts';
import { type Command, param } from '../../core/format.ts';
import { announcedBytes } from '../../lib/announced-bytes.ts';
import { fromAttributes, type MavenAttributes, ofPackage, toAttributes, withFile } from './attributes.ts';
import { CHECKSUMS, checksumsSaid } from './checksums.ts';
import { refuseDamaged } from './damage.ts';
import { refOf } from './files.ts';
import { checkModule, LARGEST_MODULE } from './gradle-module.ts';
import { buildVersion, fileToWrite, type MavenFile, packageName } from './layout.ts';
import { stamp } from './metadata.ts';
import { pluginIn } from './plugin.ts';
import { checkPolicy, configOf, exists, mayOverwrite } from './policy.ts';
import { described, LARGEST_POM, type Pom, pomToPublish } from './pom.ts';
import { isSnapshot } from './versions.ts';

/** Larger than any that is used. */
const LARGEST_FILE = 16 * 1024 * 1024 * 1024;

/** PUT of a file of a version. The same bytes once more change nothing. */
export async function putFile(command: Command): Promise<Response> {
  const { repo, params, body, headers, settings } = command;
  const file = fileToWrite(param(params, 'path'));
  const config = configOf(settings);
  checkPolicy(file, config);
  const ref = refOf(file);
  const overwrite = mayOverwrite(file, config);
  // What goes makes room for what comes.
  const makesRoom = overwrite && (await repo.file(ref)) !== undefined;
  const blob = await repo.store(body, {
    algorithms: CHECKSUMS,
    limit: LARGEST_FILE,
    ...(!makesRoom && announcedBytes(headers)),
  });
  checkSaid(blob, headers);
  const known = await repo.file(ref);
  if (known?.blob.digest === blob.digest) {
    await repo.abandon();
    return created();
  }
  if (known && !overwrite) throw exists(file, known.blob.digest);
  try {
    await publish(command, file, { ref, blob }, overwrite);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'ALREADY_EXISTS') throw error;
    // Somebody else may have sent it meanwhile, perhaps the very same.
    const there = await repo.file(ref);
    if (there?.blob.digest !== blob.digest) throw there ? exists(file, there.blob.digest) : error;
  }
  return created();
}

export const created = (): Response => new Response(null, { status: 201 });

/** Some clients say with a file what it hashes to. DIGEST_INVALID where it does not. */
function checkSaid({ checksums }: CommittedBlob, headers: Headers): void {
  for (const { algorithm, hex } of checksumsSaid(headers)) {
    const actual = checksums.find((each) => each.algorithm === algorithm)?.hex;
    if (actual !== undefined && actual !== hex)
      throw invalid(
        'DIGEST_INVALID',
        `x-checksum-${algorithm} says ${hex}, and what arrived hashes to ${actual}: send it again`,
      );
  }
}

interface Sent {
  readonly ref: Omit<NewFile, 'blob'>;
  readonly blob: CommittedBlob;
}

async function publish(
  command: Command,
  file: MavenFile,
  { ref, blob }: Sent,
  overwrite: boolean,
): Promise<void> {
  const { repo } = command;
  const { classifier, extension } = file;
  const read = (limit: number) => repo.read({ ...ref, blob }, limit);
  const pom =
    extension === 'pom' && classifier === '' ? await pomToPublish(await read(LARGEST_POM), file) : undefined;
  if (extension === 'module') await checkModule(await read(LARGEST_MODULE), file);
  const plugin = extension === 'jar' && classifier === '' ? await pluginIn(repo, blob, file) : undefined;
  const at = command.now();
  const extend = (before: Attributes): Attributes =>
    toAttributes(withSent(fromAttributes(before), file, { pom, at }));
  await repo.publish({
    package: packageName(file),
    version: file.version,
    attributes: extend({}),
    extend,
    size: blob.size,
    files: [{ ...ref, blob }],
    ...(plugin && {
      describe: (before: Attributes) => toAttributes({ ...ofPackage(before), plugin }),
    }),
    ...(pom && { searchText: [pom.name, pom.description].filter((text) => text !== undefined).join(' ') }),
    onConflict: overwrite ? 'renew' : 'extend',
  });
}

function withSent(
  before: MavenAttributes,
  file: MavenFile,
  { pom, at }: { readonly pom: Pom | undefined; readonly at: number },
): MavenAttributes {
  if (pom) refuseDamaged(before, file);
  const after = pom ? { ...before, ...described(pom), pom: file.path } : before;
  if (!isSnapshot(file.version)) return after;
  const { classifier, extension, build, path } = file;
  const whole = after.damaged && { ...after, damaged: after.damaged.filter((each) => each !== path) };
  const updated = build?.timestamp.replace('.', '') ?? stamp(at);
  return withFile(whole ?? after, { classifier, extension, value: buildVersion(file), updated });
}
