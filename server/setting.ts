/** One thing an operator can set: by flag, then environment, then file, then default. */
export interface Setting<T> {
  /** The flag without its dashes; in the file, the key. */
  readonly name: string;
  readonly placeholder: string;
  readonly help: string;
  /** Shown as the default where the value does not speak for itself. */
  readonly usual: string;
  readonly initial: T;
  /** Whether a file may write it as a list. */
  readonly many?: true;
  /** Fails with a sentence that says what to write instead. */
  parse(text: string): T;
}

export const setting = <T>(value: Setting<T>): Setting<T> => value;

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
function milliseconds(line: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(line);
  if (!match) throw new Error('write a duration such as 30s, 15m, 24h or 7d');
  return Number(match[1]) * SECONDS[match[2] as keyof typeof SECONDS] * 1000;
}

/** A setting in milliseconds that is written like `usual`, which is what it is where nobody says. */
export const duration = (named: Pick<Setting<number>, 'name' | 'help' | 'usual'>): Setting<number> => ({
  ...named,
  placeholder: 'DURATION',
  initial: milliseconds(named.usual),
  parse: milliseconds,
});
