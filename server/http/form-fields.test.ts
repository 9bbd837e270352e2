import { describe, expect, it } from 'bun:test';
import { formFields } from './service-plane.ts';

const PIECE = new Uint8Array(16 * 1024).fill(0x61);

/** A form that says nothing of its length and never ends. */
function endless(): { readonly request: Request; readonly pieces: () => number } {
  let pieces = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(to) {
        if (pieces === 1000) return to.close();
        pieces += 1;
        to.enqueue(PIECE);
      },
    },
    { highWaterMark: 0 },
  );
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return {
    request: new Request('http://localhost/token', { method: 'POST', headers, body }),
    pieces: () => pieces,
  };
}

describe('a form', () => {
  it('is read no further than it may be long, whatever it says of its length', async () => {
    const { request, pieces } = endless();

    const refusal = await formFields(request).catch((thrown: unknown) => thrown);

    expect(refusal).toMatchObject({ reason: 'SIZE_LIMIT', status: 413 });
    expect(pieces()).toBeLessThan(10);
  });

  it('has the fields that were sent', async () => {
    const body = new URLSearchParams({ grant_type: 'password', username: 'jérôme', password: 'a+b&c' });
    const fields = await formFields(new Request('http://localhost/token', { method: 'POST', body }));
    expect(Object.fromEntries(fields)).toEqual({
      grant_type: 'password',
      username: 'jérôme',
      password: 'a+b&c',
    });
  });
});
