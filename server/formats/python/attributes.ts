import type { Attributes } from '../../core/catalog.ts';

/** What is remembered of a file that was published here. */
export interface FileAttributes {
  /** Lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly uploadedAt: number;
  readonly requiresPython?: string;
  /** SHA-256 of its core metadata, in lower-case hex, where that is served beside it. */
  readonly metadata?: string;
  /** Whether it came with attestations (PEP 740). */
  readonly attested?: true;
}

/** What is remembered of a release. */
export interface PythonAttributes {
  /** By their names. Absent of a copy, whose index has them. */
  readonly files?: Readonly<Record<string, FileAttributes>>;
  /** Why it is yanked (PEP 592), which may be no reason; absent where it is not. */
  readonly yanked?: string;
  /** The same of single files, by their names. */
  readonly yankedFiles?: Readonly<Record<string, string>>;
  readonly summary?: string;
  readonly author?: string;
  readonly license?: string;
  readonly homePage?: string;
}

/** Why a file is yanked, by itself or with its release; nothing where it is not. */
export const yankOfFile = (
  { yanked, yankedFiles = {} }: PythonAttributes,
  filename: string,
): string | undefined => (Object.hasOwn(yankedFiles, filename) ? yankedFiles[filename] : yanked);

export const toAttributes = (attributes: PythonAttributes): Attributes => ({ ...attributes });
/** Ours is the only code that writes them. */
export const fromAttributes = (attributes: Attributes): PythonAttributes => attributes;
