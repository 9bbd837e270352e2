import type { MayUntag } from '../../core/catalog.ts';
import { notFound } from '../../core/error.ts';
import { type Command, param } from '../../core/format.ts';
import { blobFile } from './files.ts';
import { digestOf, imageName, referenceOf } from './names.ts';
import { policyRefusal } from './refusals.ts';

const accepted = () => new Response(null, { status: 202, headers: { 'content-length': '0' } });

/** DELETE …/manifests/<reference>: a tag alone, or by digest the manifest with all its tags. */
export async function deleteManifest({ params, repo, rights }: Command): Promise<Response> {
  const image = imageName(param(params, 'image'));
  const reference = referenceOf(param(params, 'reference'));
  const mayUntag: MayUntag = (named) =>
    rights.require('artifactregistry.repositories.deleteArtifacts', { package: image, ...named });
  try {
    if (reference.kind === 'tag') await repo.untag(image, reference.tag);
    else await repo.unpublish(image, reference.digest, mayUntag);
  } catch (error) {
    throw unknownAs('MANIFEST', error);
  }
  return accepted();
}

/** DELETE …/blobs/<digest>: refused while a manifest of the image needs it. */
export async function deleteBlob({ params, repo }: Command): Promise<Response> {
  const image = imageName(param(params, 'image'));
  const digest = digestOf(param(params, 'digest'));
  try {
    await repo.unlink(blobFile(image, digest).path);
  } catch (error) {
    throw unknownAs('BLOB', error);
  }
  return accepted();
}

const UNKNOWN = new Set(['TAG_UNKNOWN', 'VERSION_UNKNOWN', 'FILE_UNKNOWN']);

function unknownAs(what: 'MANIFEST' | 'BLOB', error: unknown): unknown {
  const refused = policyRefusal(error);
  const reason = refused instanceof Error && 'reason' in refused ? String(refused.reason) : '';
  return UNKNOWN.has(reason) ? notFound(what) : refused;
}
