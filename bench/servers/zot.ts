import { join } from 'node:path';
import { answers, freePort, launch } from './process.ts';
import { type Place, placeFor, type Registry } from './server.ts';

const repository = (image: string) => `bench/${image}`;

/** zot as it is at its best: a minimal configuration without authentication, search or scrubbing. */
export async function startZot(within: Place, program: string): Promise<Registry> {
  const place = await placeFor('zot', within);
  const port = freePort();
  const configuration = join(place.directory, 'config.json');
  await Bun.write(
    configuration,
    JSON.stringify({
      distSpecVersion: '1.1.1',
      storage: { rootDirectory: join(place.directory, 'data'), gc: false },
      http: { address: '127.0.0.1', port: String(port) },
      log: { level: 'error' },
    }),
  );
  const started = await launch({ command: [program, 'serve', configuration], place });
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/v2/`);
  return {
    name: 'zot, no auth',
    url,
    pid: started.pid,
    repository,
    authorize: () => Promise.resolve({}),
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}
