import type { Cli } from '../context.ts';
import type { Flag, Flags } from './flags.ts';

/** An argument that is known by where it stands. */
export interface Positional<T> {
  readonly help: string;
  readonly optional?: true;
  /** Takes all remaining words. Only the last positional may. */
  readonly repeated?: true;
  /** Words that make sense here, for completion. */
  readonly choices?: readonly string[];
  read(words: readonly string[]): T;
}
export type Positionals = Readonly<Record<string, Positional<unknown>>>;

export interface Example {
  readonly says: string;
  readonly line: string;
}

type Values<A> = {
  readonly [K in keyof A]: A[K] extends Flag<infer T> | Positional<infer T> ? T : never;
};

interface CommandSpec<P extends Positionals, F extends Flags> {
  /** Words after `entrepot`, such as `artifacts repositories create`. */
  readonly path: string;
  /** One sentence. */
  readonly summary: string;
  /** More for `--help`, in paragraphs. */
  readonly description?: string;
  readonly examples?: readonly Example[];
  /** Written in upper snake case, in this order. */
  readonly positionals?: P;
  readonly flags?: F;
  /** Whether it answers with rows and so takes `--filter`, `--limit`, `--page-size`, `--sort-by` and `--uri`. */
  readonly lists?: true;
  /** The field of its rows that `--uri` prints, where that is not `name`. */
  readonly uri?: string;
  /** Whether its rows come already filtered where the server can do the filter; see `listed`. */
  readonly serverFilters?: true;
  /** Fields by which its rows come already sorted when --sort-by names one of them alone. */
  readonly serverOrders?: readonly string[];
  /** How its answer looks unless `--format` says otherwise. */
  readonly format: string;
  readonly hidden?: true;
  /** The answer, which the caller prints: a resource, rows, a text, or nothing. */
  run(args: Values<P & F>, cli: Cli): Answer | Promise<Answer>;
}
export type Row = Readonly<Record<string, unknown>>;
export type Rows = Iterable<Row> | AsyncIterable<Row>;
export type Answer = Row | Rows | string | undefined;

/** A command whose argument types were checked where it was written. Parser, help and reference read this. */
export interface Command extends Omit<CommandSpec<Positionals, Flags>, 'run'> {
  readonly positionals: Positionals;
  readonly flags: Flags;
  run(args: Readonly<Record<string, unknown>>, cli: Cli): Promise<Answer>;
}

/** Forgets the argument types so that commands fit in one list; the parser builds `args` from the same values. */
export function defineCommand<P extends Positionals = {}, F extends Flags = {}>(
  spec: CommandSpec<P, F>,
): Command {
  return {
    ...spec,
    positionals: spec.positionals ?? {},
    flags: spec.flags ?? {},
    run: async (args, cli) => spec.run(args as Values<P & F>, cli),
  };
}

export const one = (help: string): Positional<string> => ({ help, read: ([word = '']) => word });

export const maybe = (help: string): Positional<string | undefined> => ({
  help,
  optional: true,
  read: ([word]) => word,
});

/** One word or more. */
export const several = (help: string): Positional<readonly string[]> => ({
  help,
  repeated: true,
  read: (words) => words,
});

export const any = (help: string): Positional<readonly string[]> => ({
  help,
  optional: true,
  repeated: true,
  read: (words) => words,
});

/** `imagePath` is written IMAGE_PATH. */
export const shouted = (key: string): string =>
  key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
