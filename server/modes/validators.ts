import type { Validators } from '../core/upstream.ts';

/** What the next request for the same says of this answer. */
export function validatorsOf(headers: Headers): Validators {
  const etag = headers.get('etag');
  const lastModified = headers.get('last-modified');
  return { ...(etag !== null && { etag }), ...(lastModified !== null && { lastModified }) };
}
