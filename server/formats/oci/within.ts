import type { RouteRequest } from '../../core/format.ts';
import type { Within } from '../../core/iam.ts';

/** An image is the package, a digest its version; a reference that is no digest is a tag. Layers belong to the image. */
export function within({ params }: RouteRequest): Within {
  const { image = '', reference } = params;
  if (image === '') return {};
  if (reference === undefined) return { package: image };
  return reference.includes(':')
    ? { package: image, version: reference }
    : { package: image, tag: reference };
}
