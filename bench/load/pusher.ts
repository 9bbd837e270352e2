import type { Registry } from '../servers/server.ts';
import { call, MANIFEST_TYPE } from './oci-client.ts';

/** Commits a manifest at a steady pace over one connection until it is disposed of, which fails where a push did. */
export async function keepPushing(
  registry: Registry,
  image: string,
  everyMs: number,
): Promise<AsyncDisposable> {
  const manifest = JSON.parse(
    await (await call(registry, image, 'manifests/v1', { method: 'GET' })).text(),
  ) as object;
  const headers = { 'content-type': MANIFEST_TYPE };
  const stop = new AbortController();
  const push = async (): Promise<void> => {
    for (let count = 0; !stop.signal.aborted; count += 1) {
      const body = JSON.stringify({ ...manifest, annotations: { count: String(count) } });
      const due = Bun.sleep(everyMs);
      await call(registry, image, 'manifests/pushed', { method: 'PUT', headers, body });
      await due;
    }
  };
  const done = push();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}
