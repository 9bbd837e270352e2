import { invalid } from '../core/error.ts';
import { readWhole } from '../lib/read-whole.ts';
import type { ByteStream } from '../core/blob.ts';
import { formFields } from './service-plane.ts';

const LARGEST = 64 * 1024;

/**
 * The fields of a request to the token endpoint: a form, or JSON with the fields in camel case, as Google's Security
 * Token Service takes them too.
 */
export async function tokenFields(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type) || !request.body) return formFields(request);
  const bytes = await readWhole(request.body as ByteStream, LARGEST, 'the request');
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(messageIn(bytes)))
    if (typeof value === 'string') fields.set(snake(name), value);
  return fields;
}

function messageIn(bytes: Uint8Array): object {
  try {
    const message: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof message === 'object' && message !== null && !Array.isArray(message)) return message;
  } catch {
    // The same for all that is no message.
  }
  throw invalid('invalid_request', 'the body is not a JSON object');
}

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
