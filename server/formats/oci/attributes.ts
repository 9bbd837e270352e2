import type { Attributes } from '../../core/catalog.ts';

export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}

export interface ChildImage {
  readonly digest: string;
  readonly mediaType: string;
  readonly platform?: Platform;
}

/** What we remember of a manifest, so that lists need not read it again. */
export interface ManifestAttributes {
  readonly mediaType: string;
  /** Bytes of the manifest itself. */
  readonly manifestSize: number;
  /** `artifactType` of the manifest, or what stands for it: its config's media type. */
  readonly artifactType?: string;
  /** RFC 3339, from the image's config. */
  readonly buildTime?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly children?: readonly ChildImage[];
}

export const toAttributes = (attributes: ManifestAttributes): Attributes => ({ ...attributes });
/** Ours is the only code that writes them. */
export const fromAttributes = (attributes: Attributes): ManifestAttributes =>
  attributes as unknown as ManifestAttributes;
