import type { Attributes } from '../../core/catalog.ts';

export type Manifest = Readonly<Record<string, unknown>>;

/** What a client checks a tarball by. Without addresses, which depend on who asks. */
export interface Dist {
  /** SHA-1, lower-case hex. */
  readonly shasum?: string;
  /** `sha512-` and base64, as https://www.w3.org/TR/SRI has it. */
  readonly integrity?: string;
  readonly fileCount?: number;
  /** Bytes. */
  readonly unpackedSize?: number;
}

/** What is remembered of a version of a package. */
export interface NpmAttributes {
  /** Its package.json as clients are shown it, without `dist` and `deprecated`. Absent of a copy, whose packument has it. */
  readonly manifest?: Manifest;
  readonly dist?: Dist;
  readonly deprecated?: string;
  /** The predicate type of its provenance, where it has one. */
  readonly provenance?: string;
}

/** What is remembered of a package. */
export interface PackageAttributes {
  readonly readme?: string;
  readonly readmeFilename?: string;
  readonly maintainers?: readonly unknown[];
  readonly users?: Readonly<Record<string, unknown>>;
}

export const toAttributes = (attributes: NpmAttributes): Attributes => ({ ...attributes });
/** Ours is the only code that writes them. */
export const fromAttributes = (attributes: Attributes): NpmAttributes => attributes;
export const ofPackage = (attributes: Attributes): PackageAttributes => attributes;
