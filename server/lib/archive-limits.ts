/** How much may be in an archive. */
export interface ArchiveLimits {
  readonly entries: number;
  /** Bytes of all that is in it. */
  readonly inflated: number;
  /** How many times larger than the archive its content may be, above `ratioAbove` bytes. */
  readonly ratio: number;
  readonly ratioAbove: number;
}

/** Why an archive of `packed` bytes must not have a content of `inflated` bytes; undefined where it may. */
export function excess(inflated: number, packed: number, limits: ArchiveLimits): string | undefined {
  if (inflated > limits.inflated) return `its content is larger than ${limits.inflated} bytes`;
  if (inflated > limits.ratioAbove && inflated > packed * limits.ratio)
    return `its content is more than ${limits.ratio} times as large as itself`;
  return undefined;
}
