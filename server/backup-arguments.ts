import { readFileSync } from 'node:fs';
import { ConfigError, parseConfig } from './config.ts';

export interface BackupArguments {
  /** What is neither a flag nor a setting, in order. */
  readonly words: readonly string[];
  /** Values of the flags that are `--name=value`, and '' for those that are only `--name`. */
  readonly flags: ReadonlyMap<string, string>;
  /** The data directory that the server's settings name. */
  readonly data: string;
  /** Whether a flag says so, rather than the environment, a file or the default. */
  readonly dataGiven: boolean;
}

interface Known {
  /** Flags without a value. */
  readonly plain: readonly string[];
  /** Flags with one. */
  readonly valued: readonly string[];
}

/** Takes out what is ours and leaves `--data` and `--config` to the server's settings. Fails with a ConfigError. */
export function parseBackupArguments(argv: readonly string[], { plain, valued }: Known): BackupArguments {
  const words: string[] = [];
  const settings: string[] = [];
  const flags = new Map<string, string>();
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const [, name, inline] = /^--([a-z0-9-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      words.push(word);
      continue;
    }
    if (plain.includes(name) && inline === undefined) {
      flags.set(name, '');
      continue;
    }
    if (!valued.includes(name) && name !== 'data' && name !== 'config')
      throw new ConfigError(`${word} is not a flag of this command; --help lists them`);
    const value = inline ?? argv[(at += 1)];
    if (value === undefined || value === '') throw new ConfigError(`--${name} needs a value`);
    if (valued.includes(name)) flags.set(name, value);
    else settings.push(`--${name}=${value}`);
  }
  const { data } = parseConfig({
    argv: settings,
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  return { words, flags, data, dataGiven: settings.some((flag) => flag.startsWith('--data=')) };
}
