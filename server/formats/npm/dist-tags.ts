import { invalid, isNotFound, RegistryError } from '../../core/error.ts';
import { type Command, param } from '../../core/format.ts';
import { parseJsonStrictly } from '../../lib/strict-json.ts';
import { readWhole } from '../../lib/read-whole.ts';
import { packumentIndex } from './packument-index.ts';
import { versionUnknown } from './revision.ts';
import { packageOf } from './segments.ts';
import { distTag, exactVersion } from './versions.ts';

const LARGEST_BODY = 4096;

/** PUT or POST …/dist-tags/TAG: the body is the version, as a JSON string. */
export async function putTag(command: Command): Promise<Response> {
  const { repo, body, params, rights } = command;
  const pkg = packageOf(command);
  const tag = distTag(param(params, 'tag'));
  const version = versionIn(await readWhole(body, LARGEST_BODY, 'the body'));
  // The path said the tag only, and a condition may ask for the version, too.
  await rights.require('artifactregistry.repositories.uploadArtifacts', { package: pkg, version, tag });
  await repo.tag(pkg, [{ tag, version }]).catch((error: unknown) => {
    throw isNotFound(error) ? versionUnknown(pkg, version) : error;
  });
  command.refresh(packumentIndex, { of: pkg });
  return Response.json({ ok: true, id: pkg }, { status: 201 });
}

/** DELETE …/dist-tags/TAG */
export async function deleteTag(command: Command): Promise<Response> {
  const { repo, params } = command;
  const pkg = packageOf(command);
  const tag = param(params, 'tag');
  if (tag === 'latest')
    throw new RegistryError(
      'PERMISSION_DENIED',
      'TAG_REQUIRED',
      'the tag latest cannot be removed: every package has it; move it to another version instead',
    );
  await repo.untag(pkg, tag).catch((error: unknown) => {
    throw isNotFound(error)
      ? new RegistryError('NOT_FOUND', 'TAG_UNKNOWN', `${pkg} has no tag ${tag}`, {
          details: { name: pkg, tag },
        })
      : error;
  });
  command.refresh(packumentIndex, { of: pkg });
  return Response.json({ ok: true, id: pkg });
}

function versionIn(bytes: Uint8Array<ArrayBuffer>): string {
  let value: unknown;
  try {
    value = parseJsonStrictly(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    value = undefined;
  }
  if (typeof value !== 'string')
    throw invalid('BODY_INVALID', 'the body is the version as a JSON string, such as "1.2.3"');
  return exactVersion(value);
}
