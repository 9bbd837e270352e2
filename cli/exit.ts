import type { Answer } from './grammar/command.ts';

/** What the process says to its caller. Scripts branch on these, so a number never changes its meaning. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  conflict: 5,
  unavailable: 6,
  integrity: 7,
  cancelled: 8,
} as const;
export type ExitName = keyof typeof EXIT;

/** One line per exit code, shown by `entrepot help exit-codes` and in the reference page. */
export const EXIT_MEANINGS: Readonly<Record<ExitName, string>> = {
  ok: 'The command did what was asked.',
  failed: 'It failed for a reason that has no code of its own, or the answer is no.',
  usage: 'The command line or a setting was wrong; nothing was sent.',
  notFound: 'A resource does not exist.',
  denied: 'Not logged in, or the account may not do this.',
  conflict: 'It exists already, or its state forbids the change.',
  unavailable: 'The server cannot be reached or asks to try again later.',
  integrity: 'Bytes that arrived are not the bytes that were promised.',
  cancelled: 'The person at the terminal answered no.',
};

/** A failure with words for a person and a code for a script. Its message is one sentence: what was wrong, what to do. */
export class CliError extends Error {
  readonly exit: ExitName;

  constructor(exit: ExitName, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'CliError';
    this.exit = exit;
  }
}

/** A question whose answer is no: it is printed like any other, and the process ends with 1. */
export class NegativeAnswer extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super('the answer is no');
    this.name = 'NegativeAnswer';
    this.answer = answer;
  }
}

export const usage = (message: string): CliError => new CliError('usage', message);
