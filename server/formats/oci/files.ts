import type { FileRef } from '../../core/catalog.ts';
import type { OciDigest, Reference } from './names.ts';

/** A layer or config: in an image only where it was uploaded or mounted, though its bytes are shared underneath. */
export const blobFile = (image: string, digest: OciDigest): FileRef => ({
  path: `${image}/blobs/${digest}`,
  freshness: 'immutable',
  coordinates: { package: image },
  contentType: 'application/octet-stream',
});

/** A manifest is a version, named by its digest, of one file. */
export const manifestFile = (image: string, reference: Reference): FileRef =>
  reference.kind === 'digest'
    ? {
        path: `${image}/manifests/${reference.digest}`,
        freshness: 'immutable',
        coordinates: { package: image, version: reference.digest },
      }
    : {
        path: `${image}/manifests/${reference.tag}`,
        freshness: 'revalidate',
        coordinates: { package: image },
        tag: reference.tag,
      };
