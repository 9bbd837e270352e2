import type { RouteRequest } from '../../core/format.ts';
import type { Within } from '../../core/iam.ts';

/**
 * What a request says of its image to conditions. The image is `resource.package`; a digest is `resource.version`, any
 * other reference `resource.tag`; a push of a tag says both, once its manifest has come. Layers and configs belong to
 * the image and carry neither, nor does a request for a list of tags: each tag is asked about by itself.
 *
 * So a condition on packages alone means what it says:
 *
 *     resource.package.startsWith("team-a/")
 *
 * One on tags has to let through what carries none, or no client could push or pull a layer:
 *
 *     !has(resource.tag) || resource.tag.startsWith("dev-")
 *
 * Whoever holds that reads and writes no other tag, and sees no other in a list. They still read a manifest, and in a role
 * to delete one delete it, by a digest they know, unless another tag would go with it: a tag tells what a name may
 * do, not who may know its content. What must stay secret belongs into another image, or repository.
 */
export function within({ params }: Pick<RouteRequest, 'params'>): Within {
  const { image = '', reference } = params;
  if (image === '') return {};
  if (reference === undefined) return { package: image };
  return reference.includes(':')
    ? { package: image, version: reference }
    : { package: image, tag: reference };
}
