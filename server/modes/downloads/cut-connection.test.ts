import { expect, test } from 'bun:test';
import { connect } from 'node:net';
import { MemoryBlobs } from '../../stores/blobs/memory.ts';
import { noise } from '../../testing/contracts/bodies.ts';
import { expecting, ScriptedUpstream, tap } from '../../testing/scripted-fetch.ts';
import { SharedDownloads } from './shared-downloads.ts';

const BYTES = noise(300_000);

/** All that a server sends on a new connection to one request, until it closes it. */
function exchange(port: number, begun: () => void): Promise<string> {
  return new Promise((resolve) => {
    const request = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      answer += String(text);
      begun();
    });
    // However it ends: a reset is an error too.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

test.each([
  ['right', BYTES, true],
  ['wrong', noise(300_000, 7), false],
])('a client sees the end of a body only if that is right; this one is %s', async (_, bytes, ends) => {
  await using downloads = new SharedDownloads({
    blobs: new MemoryBlobs(),
    discard: async () => undefined,
    failed: () => undefined,
  });
  const { body, give, end } = tap();
  using server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    development: false,
    fetch: async () => {
      const download = await downloads.fetch({
        repositoryId: 1,
        what: 'file a',
        expected: expecting(BYTES),
        limit: 1_000_000,
        isKept: async () => false,
        open: new ScriptedUpstream({ body, size: 300_000 }).open,
        keep: async () => undefined,
      });
      return new Response(download?.follow(), { headers: { 'content-length': String(BYTES.byteLength) } });
    },
  });
  const begun = Promise.withResolvers<void>();
  const answering = exchange(server.port ?? 0, begun.resolve);
  give(bytes.slice(0, 100_000));
  await begun.promise;
  give(bytes.slice(100_000));
  end();
  const answer = await answering;
  const [head = ''] = answer.split('\r\n\r\n', 1);
  expect(head).toStartWith('HTTP/1.1 200 OK');
  // Bun sends a stream in chunks even where it is told the length, so the last chunk is the end there is.
  expect(head.toLowerCase()).toContain('transfer-encoding: chunked');
  expect(answer.endsWith('\r\n0\r\n\r\n')).toBe(ends);
});
