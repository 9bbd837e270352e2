import type { Attributes, VersionRow } from '../../core/catalog.ts';
import { pseudoTime } from './versions.ts';

/** What is remembered of a version. */
export interface GoAttributes {
  /** When it was published, in milliseconds since the epoch; absent of a copy whose server does not tell. */
  readonly time?: number;
  /** As in `go.sum`, of the zip and of `go.mod`: `h1:…`. */
  readonly zipHash?: string;
  readonly modHash?: string;
}

export const toAttributes = (attributes: GoAttributes): Attributes => ({ ...attributes });
/** Ours is the only code that writes them. */
export const fromAttributes = (attributes: Attributes): GoAttributes => attributes;

/** When a version came out, as far as it is known. */
export const timeOfRow = ({ version, attributes, createdAt }: VersionRow): number =>
  fromAttributes(attributes).time ?? pseudoTime(version) ?? createdAt;
