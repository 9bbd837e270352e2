/** The server, with one addition: told anything on standard input, it lives two weeks later, by all of its clocks. */
import { readFileSync, writeSync } from 'node:fs';
import { buildApp } from '../../server/app.ts';
import { parseConfig } from '../../server/config.ts';
import { serve } from '../../server/serve.ts';
import { DataDirectory } from '../../server/stores/data-directory.ts';

/** Longer than everything that is kept for some time is kept. */
const LATER_MS = 14 * 24 * 3_600_000;

const config = parseConfig({
  argv: process.argv.slice(2),
  env: {},
  readFile: (path) => readFileSync(path, 'utf8'),
});
let ahead = 0;
const now = () => Date.now() + ahead;
const directory = new DataDirectory(config.data);
directory.lock();
const log = {
  write: (...line: readonly unknown[]) => void writeSync(2, `${JSON.stringify(line)}\n`),
  flush: () => undefined,
};
const app = await buildApp({ config, directory, log, now, monotonic: () => performance.now() + ahead });
const serving = serve({ app, config, log, now, shared: false });
process.once('SIGTERM', () => {
  void serving
    .stop()
    .then(() => app[Symbol.asyncDispose]())
    .then(() => process.exit(0));
});
process.stdout.write(`entrepot listening on ${serving.url}\n`);

for await (const _ of console) {
  ahead += LATER_MS;
  await app.tidy();
  process.stdout.write('two weeks later\n');
}
