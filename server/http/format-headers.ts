import type { Format } from '../core/format.ts';

/** What a format says on every answer. Files and indexes are made with it; setting a header later costs more. */
export function withHeaders(answer: Response, { headers }: Format): Response {
  for (const [name, value] of Object.entries(headers ?? {})) answer.headers.set(name, value);
  return answer;
}
