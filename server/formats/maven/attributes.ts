import type { Attributes } from '../../core/catalog.ts';
import { fileKey, newer, type SnapshotFile } from './snapshot.ts';

/** What is remembered of a version. */
export interface MavenAttributes {
  /** Path of its newest POM. Without one it is not complete, and no list of versions has it. */
  readonly pom?: string;
  readonly packaging?: string;
  readonly name?: string;
  readonly description?: string;
  readonly url?: string;
  readonly licenses?: readonly string[];
  /** Of a snapshot that was published here: the newest of each of its files, by `fileKey`. */
  readonly files?: Readonly<Record<string, SnapshotFile>>;
  /** Paths of files that did not arrive as their checksums say, of a deployment that had not come to its POM. */
  readonly damaged?: readonly string[];
}

/** What is remembered of an artifact. */
export interface PackageAttributes {
  /** Where it is a plugin, as it was published last. */
  readonly plugin?: { readonly prefix: string; readonly name?: string };
}

export const toAttributes = (attributes: MavenAttributes | PackageAttributes): Attributes => ({
  ...attributes,
});
/** Ours is the only code that writes them. */
export const fromAttributes = (attributes: Attributes): MavenAttributes => attributes;
export const ofPackage = (attributes: Attributes): PackageAttributes => attributes;

/** The same with another file of a snapshot. */
export function withFile(before: MavenAttributes, file: SnapshotFile): MavenAttributes {
  const key = fileKey(file);
  const known = before.files?.[key];
  return { ...before, files: { ...before.files, [key]: known ? newer(known, file) : file } };
}
