import { usage } from '../exit.ts';

/** How one flag is written, described and read. */
export interface Flag<T> {
  readonly help: string;
  /** What stands for the value in usage lines; absent for a switch. */
  readonly value?: string;
  readonly short?: string;
  readonly aliases?: readonly string[];
  readonly choices?: readonly string[];
  /** Shown in help; the code that reads the flag applies it. */
  readonly fallback?: string;
  readonly required?: true;
  /** Whether `--no-NAME` exists. */
  readonly negatable?: true;
  readonly hidden?: true;
  /** `given` holds the raw value of each occurrence, in order; empty when the flag was not given. */
  read(given: readonly string[]): T;
}
export type Flags = Readonly<Record<string, Flag<unknown>>>;

type Extras = Partial<Pick<Flag<unknown>, 'short' | 'aliases' | 'fallback' | 'hidden' | 'value'>>;

/** The last occurrence wins, as in gcloud. */
export const text = (value: string, help: string, extras: Extras = {}): Flag<string | undefined> => ({
  value,
  help,
  ...extras,
  read: (given) => given.at(-1),
});

export const required = <T>(flag: Flag<T>): Flag<Exclude<T, undefined>> => ({
  ...flag,
  required: true,
  read: (given) => flag.read(given) as Exclude<T, undefined>,
});

/** A whole number of at least one. The word `unlimited` means absent. */
export const count = (value: string, help: string, extras: Extras = {}): Flag<number | undefined> => ({
  value,
  help,
  ...extras,
  read(given) {
    const word = given.at(-1);
    if (word === undefined || word === 'unlimited') return undefined;
    if (/^[1-9]\d{0,14}$/.test(word)) return Number(word);
    throw usage(`[${word}] is not a whole number of at least 1`);
  },
});

/** One of a closed set, in any case. */
export const choice = <const C extends string>(
  choices: readonly C[],
  help: string,
  extras: Extras = {},
): Flag<C | undefined> => ({
  value: choices.join('|'),
  help,
  choices,
  ...extras,
  read(given) {
    const word = given.at(-1);
    if (word === undefined) return undefined;
    const chosen = choices.find((one) => one === word.toLowerCase());
    if (chosen !== undefined) return chosen;
    throw usage(`[${word}] is not one of ${choices.join(', ')}`);
  },
});

/** On or off: `--name`, and `--no-name` where the absence of the flag means something else than off. */
export const toggle = (
  help: string,
  extras: Extras & Partial<Pick<Flag<unknown>, 'negatable'>> = {},
): Flag<boolean | undefined> => ({
  help,
  ...extras,
  read: (given) => (given.length === 0 ? undefined : given.at(-1) === 'true'),
});

/** `--name=a,b --name=c` is a, b and c. */
export const list = (
  value: string,
  help: string,
  extras: Extras = {},
): Flag<readonly string[] | undefined> => ({
  value: `${value},[${value},...]`,
  help,
  ...extras,
  read: (given) => (given.length === 0 ? undefined : given.flatMap(splitList)),
});

/** `--name=k=v,k2=v2`; a later occurrence adds to an earlier one. */
export const map = (
  value: string,
  help: string,
  extras: Extras = {},
): Flag<Readonly<Record<string, string>> | undefined> => ({
  value: `${value},[${value},...]`,
  help,
  ...extras,
  read(given) {
    if (given.length === 0) return undefined;
    return Object.fromEntries(given.flatMap(splitList).map(keyAndValue));
  },
});

function keyAndValue(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw usage(`[${pair}] is not of the form KEY=VALUE`);
}

/** Comma separated, or `^:^a,b:c` to use another separator, which is gcloud's way to write values with commas. */
function splitList(raw: string): readonly string[] {
  const other = /^\^([^^]+)\^/.exec(raw);
  const parts = other ? raw.slice(other[0].length).split(other[1] ?? ',') : raw.split(',');
  return parts.filter((part) => part !== '');
}

/** `repositoryFormat` is written `--repository-format`. */
export const spelled = (key: string): string =>
  key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
