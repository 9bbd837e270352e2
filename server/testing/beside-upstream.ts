import { afterAll, beforeEach } from 'bun:test';
import { FakeUpstream } from './fake-upstream.ts';
import { TestServer } from './harness.ts';

interface Beside {
  readonly server: TestServer;
  readonly upstream: FakeUpstream;
}

/**
 * For the tests of a file: a server, and a registry elsewhere that it may ask. Each test finds that an ordinary one, which nobody asked
 * for anything yet.
 */
export async function besideUpstream(): Promise<Beside> {
  const upstream = await FakeUpstream.start();
  const server = await TestServer.start(['--allow-upstream-hosts', '127.0.0.1']);
  beforeEach(() => {
    upstream.behave();
    upstream.forget();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });
  return { server, upstream };
}
