import { readFileSync, writeSync } from 'node:fs';
import { type App, buildApp } from '../../server/app.ts';
import { parseConfig } from '../../server/config.ts';
import { serve, type Serving } from '../../server/serve.ts';
import { DataDirectory } from '../../server/stores/data-directory.ts';

type Parts = Parameters<typeof buildApp>[0];

/** `entrepot serve` in this process, by the flags of this process, with something about it that is odd. It says where it listens. */
export async function oddServer(
  odd: Partial<Pick<Parts, 'now' | 'monotonic' | 'onStep'>>,
): Promise<{ readonly app: App; readonly serving: Serving }> {
  const config = parseConfig({
    argv: process.argv.slice(2),
    env: {},
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  const directory = new DataDirectory(config.data);
  directory.lock();
  const log = {
    write: (...line: readonly unknown[]) => void writeSync(2, `${JSON.stringify(line)}\n`),
    flush: () => undefined,
  };
  const { now = Date.now } = odd;
  const adminPassword = process.env['ENTREPOT_ADMIN_PASSWORD'] ?? '';
  const app = await buildApp({ config, directory, log, adminPassword, ...odd, now });
  const serving = serve({ app, config, log, now, shared: false });
  process.stdout.write(`entrepot listening on ${serving.url}\n`);
  return { app, serving };
}
