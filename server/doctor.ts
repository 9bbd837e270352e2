import { readFileSync, writeSync } from 'node:fs';
import { type Config, ConfigError, parseConfig } from './config.ts';
import { CHECKS } from './ops/doctor/checks.ts';
import { examine, type Result } from './ops/doctor/examine.ts';
import { json, line, summary, worst } from './ops/doctor/report.ts';

const HELP = `Usage: entrepot doctor [--deep] [--format=text|json] [SETTINGS]

Looks whether a server can run well here, or why it does not. Changes nothing, and may be run beside a server.

Flags:
  --deep           Also reads the whole database and every stored byte
  --format FORMAT  text, for people, or json, for programs [default: text]

The settings are those of the server, as flags, in the environment or in a file: entrepot serve --help lists them.
The exit code is 1 when something failed and 2 when the flags are not understood.
`;

interface Asked {
  readonly deep: boolean;
  readonly format: string;
  /** The server's flags. */
  readonly settings: readonly string[];
}

/** `entrepot doctor`: answers the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    print(HELP);
    return 0;
  }
  const asked = parse(argv);
  let config: Config;
  try {
    if (asked.format !== 'text' && asked.format !== 'json') throw new ConfigError('--format is text or json');
    config = parseConfig({
      argv: asked.settings,
      env: process.env,
      readFile: (path) => readFileSync(path, 'utf8'),
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    writeSync(2, `entrepot: ${error.message}\n`);
    return 2;
  }

  const results: Result[] = [];
  const meter = process.stderr.isTTY ? new Meter() : undefined;
  const examined = examine({
    directory: config.data,
    settings: config,
    checks: CHECKS,
    deep: asked.deep,
    now: Date.now,
    progress: (done, of) => meter?.show(done, of),
  });
  for await (const result of examined) {
    meter?.clear();
    results.push(result);
    if (asked.format === 'text') print(line(result, process.stdout.isTTY));
  }
  print(asked.format === 'json' ? json(results) : `\n${summary(results)}`);
  return worst(results) === 'fail' ? 1 : 0;
}

/** Takes out what is ours and leaves what the server understands. */
function parse(argv: readonly string[]): Asked {
  const settings: string[] = [];
  let deep = false;
  let format = 'text';
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '--deep') deep = true;
    else if (word.startsWith('--format=')) format = word.slice('--format='.length);
    else if (word === '--format') {
      at += 1;
      format = argv[at] ?? '';
    } else settings.push(word);
  }
  return { deep, format, settings };
}

/** How far a long check has come, on one line of a terminal. */
class Meter {
  #shown = -1;

  show(done: number, of: number): void {
    const percent = of === 0 ? 100 : Math.floor((100 * done) / of);
    if (percent === this.#shown) return;
    this.#shown = percent;
    writeSync(2, `\r${percent}% read`);
  }

  clear(): void {
    if (this.#shown === -1) return;
    this.#shown = -1;
    writeSync(2, '\r\u001b[K');
  }
}

/** Nobody needs to hear the end: `entrepot doctor | head` closes the pipe. */
function print(text: string): void {
  try {
    writeSync(1, text);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}
