import type { WriteOptions } from '../core/blob.ts';

interface Envelope {
  /** Bytes of the body that may be something else. */
  readonly beside?: number;
  /** Bytes of content to a byte of the body. */
  readonly share?: number;
}

/** How many bytes of content a request announces by the length of its body, as far as that can be told before it is read. */
export function announcedBytes(
  headers: Headers,
  { beside = 0, share = 1 }: Envelope = {},
): Pick<WriteOptions, 'announced'> {
  const text = headers.get('content-length') ?? '';
  if (!/^\d{1,15}$/.test(text)) return {};
  const atMost = Number(text);
  return { announced: { atLeast: Math.max(0, Math.floor((atMost - beside) * share)), atMost } };
}
