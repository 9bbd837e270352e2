/**
 * The server, with one addition: told a step on standard input it says `armed`, and kills itself when a write next
 * comes to that step.
 */
import { readFileSync, writeSync } from 'node:fs';
import { buildApp } from '../../server/app.ts';
import { parseConfig } from '../../server/config.ts';
import { serve } from '../../server/serve.ts';
import { DataDirectory } from '../../server/stores/data-directory.ts';

const config = parseConfig({
  argv: process.argv.slice(2),
  env: {},
  readFile: (path) => readFileSync(path, 'utf8'),
});
let armed = '';
const directory = new DataDirectory(config.data);
directory.lock();
const log = {
  write: (...line: readonly unknown[]) => void writeSync(2, `${JSON.stringify(line)}\n`),
  flush: () => undefined,
};
const adminPassword = process.env['ENTREPOT_ADMIN_PASSWORD'] ?? '';
const app = await buildApp({
  config,
  directory,
  log,
  now: Date.now,
  adminPassword,
  onStep: (step) => {
    if (step === armed) process.kill(process.pid, 'SIGKILL');
  },
});
const serving = serve({ app, config, log, now: Date.now, shared: false });
process.stdout.write(`entrepot listening on ${serving.url}\n`);

for await (const line of console) {
  armed = line;
  process.stdout.write('armed\n');
}
