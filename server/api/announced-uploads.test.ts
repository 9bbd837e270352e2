import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { ApiCaller, LOCATION } from '../testing/api.ts';
import { TestServer } from '../testing/harness.ts';
import { packed, publication } from '../testing/npm.ts';
import { encoded, fieldsOf, form, wheel, wheelName } from '../testing/python.ts';

const MIB = 1024 * 1024;
const QUOTA = 100_000;
const PIECE = 64 * 1024;
const SAID = /quota exceeded/;

let server: TestServer;
let admin: ApiCaller;
beforeAll(async () => {
  server = await TestServer.start();
  admin = new ApiCaller(server);
});
afterAll(() => server[Symbol.asyncDispose]());

let made = 0;
async function limited(format: string): Promise<string> {
  made += 1;
  const quota = { maxBytes: String(QUOTA) };
  await admin.ok('POST', `${LOCATION}/repositories?repositoryId=announced${made}`, { format, quota });
  return `announced${made}`;
}

/** Fills up with spaces, which JSON may have at its end. */
async function npmBody(length: number): Promise<Uint8Array<ArrayBuffer>> {
  const manifest = { name: 'large', version: '1.0.0' };
  const sent = { ...publication(manifest, await packed(manifest)), readme: 'r'.repeat(15 * MIB) };
  return new TextEncoder().encode(JSON.stringify(sent).padEnd(length));
}

const RELEASE = { name: 'large' };
const pythonForm = (description: string) => {
  const bytes = wheel(RELEASE);
  return encoded(form(wheelName(RELEASE), bytes, { ...fieldsOf(RELEASE, bytes), description }));
};
async function pythonBody(
  length: number,
): Promise<{ readonly body: Uint8Array<ArrayBuffer>; readonly type: string }> {
  const { body: empty } = await pythonForm('');
  const { body, headers } = await pythonForm('d'.repeat(length - empty.byteLength));
  return { body, type: headers['content-type'] ?? '' };
}

describe.each([
  {
    format: 'NPM',
    method: 'PUT',
    path: '/us-central1-npm/my-project/ID/large',
    type: 'application/json',
    head: '{"_id":"large","name":"large","_attachments":{"large-1.0.0.tgz":{"data":"',
    // Three bytes come in four, beside 17 MiB.
    fits: 17 * MIB + 133_334,
    whole: async (length: number) => ({ body: await npmBody(length), type: 'application/json' }),
  },
  {
    format: 'PYTHON',
    method: 'POST',
    path: '/us-central1-python/my-project/ID/',
    type: 'multipart/form-data; boundary=edge',
    head: '--edge\r\ncontent-disposition: form-data; name="content"; filename="large-1.0-py3-none-any.whl"\r\n\r\n',
    fits: 16 * MIB + QUOTA,
    whole: pythonBody,
  },
])('an upload to a repository with a quota: $format', ({ format, method, path, type, head, fits, whole }) => {
  it('that announces more than can be beside its content is refused before that is sent', async () => {
    const id = await limited(format);
    let taken = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (out) => out.enqueue(new TextEncoder().encode(head)),
      pull(out) {
        taken += 1;
        out.enqueue(new Uint8Array(PIECE).fill(65));
      },
    });

    const answer = await server.send(method, path.replace('ID', id), {
      body,
      headers: { 'content-type': type, 'content-length': String(fits + 1) },
    });

    expect([answer.status, await answer.text()]).toEqual([403, expect.stringMatching(SAID)]);
    expect(taken * PIECE).toBeLessThan(fits / 8);
  });

  it('that may have little content is taken, and is if it has', async () => {
    const id = await limited(format);
    const { body, type: sent } = await whole(fits);
    expect(body.byteLength).toBe(fits);

    const answer = await server.send(method, path.replace('ID', id), {
      body,
      headers: { 'content-type': sent, 'content-length': String(fits) },
    });

    expect([answer.status < 300, await answer.text()]).toEqual([true, expect.any(String)]);
  });
});
