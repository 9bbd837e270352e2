/** Milliseconds since the epoch as RFC 3339 with fractions of a second. */
export const timestamp = (milliseconds: number): string => new Date(milliseconds).toISOString();
