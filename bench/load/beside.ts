import type { Registry } from '../servers/server.ts';
import { call, MANIFEST_TYPE } from './oci-client.ts';

/** Does something at a steady pace, one after the other, until it is disposed of; that fails where one of them did. */
export function keepDoing(everyMs: number, work: (count: number) => Promise<void>): AsyncDisposable {
  const stop = new AbortController();
  const all = async (): Promise<void> => {
    for (let count = 0; !stop.signal.aborted; count += 1) {
      const due = Bun.sleep(everyMs);
      await work(count);
      await due;
    }
  };
  const done = all();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

/** Commits a manifest of its own each time, over one connection. */
export async function pushing(registry: Registry, image: string): Promise<(count: number) => Promise<void>> {
  const known = await call(registry, image, 'manifests/v1', { method: 'GET' });
  const manifest = (await known.json()) as object;
  const headers = { 'content-type': MANIFEST_TYPE };
  return async (count) => {
    const body = JSON.stringify({ ...manifest, annotations: { count: String(count) } });
    await call(registry, image, 'manifests/pushed', { method: 'PUT', headers, body });
  };
}
