/** The path segment that means a repository as it was at a time, in milliseconds since the epoch. */
export const asOfText = (at: number): string =>
  `as-of-${new Date(at).toISOString().replaceAll(/[-:]/g, '').toLowerCase()}`;
