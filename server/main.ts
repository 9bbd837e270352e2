import { readFileSync, writeSync } from 'node:fs';
import { buildApp } from './app.ts';
import { type Config, ConfigError, parseConfig, settingsHelp } from './config.ts';
import { LineLog } from './ops/log.ts';
import { serve } from './serve.ts';
import { DataDirectory } from './stores/data-directory.ts';
import { isWorker, LOCK_DESCRIPTOR, orphaned, runWorkers } from './workers.ts';

const LOG_DELAY_MS = 200;

/** `entrepot serve`: answers the exit code once the server has stopped. */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    print(settingsHelp());
    return 0;
  }
  let config: Config;
  try {
    config = parseConfig({ argv, env: process.env, readFile: (path) => readFileSync(path, 'utf8') });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    complain(error.message);
    return 2;
  }
  try {
    return await run(config, argv);
  } catch (error) {
    complain(error instanceof Error ? explained(error) : String(error));
    return 1;
  }
}

async function run(config: Config, argv: readonly string[]): Promise<number> {
  using directory = new DataDirectory(config.data);
  const worker = isWorker(process.env);
  if (worker) directory.inheritLock(LOCK_DESCRIPTOR);
  else {
    const lock = directory.lock();
    if (config.workers > 1) return await runWorkers({ config, argv, lock, print, complain });
  }

  const log = new LineLog({
    sink: (text) => write(2, text),
    human: process.stderr.isTTY,
    now: Date.now,
    delayMs: LOG_DELAY_MS,
  });
  const password = process.env['ENTREPOT_ADMIN_PASSWORD'];
  const clientSecret = process.env['ENTREPOT_OIDC_CLIENT_SECRET'];
  await using app = await buildApp({
    config,
    directory,
    log,
    now: Date.now,
    shared: worker,
    ...(password !== undefined && password !== '' && { adminPassword: password }),
    ...(clientSecret !== undefined && { oidcClientSecret: clientSecret }),
  });
  const serving = serve({ app, config, log, now: Date.now, shared: worker });
  if (app.madeUpPassword !== undefined) announce(app.madeUpPassword, directory.initialPassword);
  print(`entrepot listening on ${serving.url}\n`);

  await (worker ? Promise.race([signalled(), orphaned()]) : signalled());
  app.drain();
  await serving.stop();
  log.flush();
  return 0;
}

/** Once, on a terminal; programs read the file. */
function announce(password: string, path: string): void {
  const shown = process.stderr.isTTY ? `: ${password}` : '';
  complain(`first start: the user admin has a made-up password${shown}, kept in ${path}`);
}

const signalled = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });

function explained(error: Error): string {
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${explained(cause)}` : error.message;
}

const print = (text: string): void => write(1, text);
const complain = (text: string): void => write(2, `entrepot: ${text}\n`);

/** What cannot be written, because the disk under the log is full or its reader is gone, must not stop the server. */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.byteLength;) at += writeSync(fd, bytes, at);
  } catch {
    // There is nowhere left to say it.
  }
}
