import { basename } from 'node:path';
import type { Measure, Samples } from './measure.ts';
import type { Rounds } from './rounds.ts';
import type { Missing, Place, Running } from './servers/server.ts';

/** What a scenario may use of the run it is part of. Its directory is empty and removed afterwards. */
export interface Bench extends Place {
  /** Small sizes and few rounds: shows that everything works, not how fast it is. */
  readonly quick: boolean;
  /** Tells whoever watches what goes on. */
  readonly say: (line: string) => void;
}

export interface Outcome {
  readonly samples: Samples;
  readonly missing: readonly Missing[];
  /** Sentences a reader needs to judge the figures. */
  readonly notes: readonly string[];
  /** A drawing of the figures, as SVG. */
  readonly chart?: string;
}

/** One question to the servers: a value in the list of scenarios/index.ts. */
export interface Scenario {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  /** How long a full run takes, about. One that takes three times as long, and five minutes more, is ended. */
  readonly minutes: number;
  /** Runs only when it is named. */
  readonly onlyByName?: true;
  readonly measures: readonly Measure[];
  run(bench: Bench): Promise<Outcome>;
}

/** Rounds for a full run after one warm-up, and a single one for a quick run. */
export const roundsOf = ({ quick }: Pick<Bench, 'quick'>, counted: number): Rounds =>
  quick ? { counted: 1, warmUp: 0 } : { counted, warmUp: 1 };

/** A server that takes part if this machine has it. */
export interface Candidate<T extends Running> {
  readonly name: string;
  /** Why it cannot; undefined when it can. */
  readonly missing: string | undefined;
  start(): Promise<T>;
}

/** Starts everybody who is there. They end with `stack`; a start that fails is an error, never an absence. */
export async function startAll<T extends Running>(
  stack: AsyncDisposableStack,
  candidates: readonly Candidate<T>[],
): Promise<{ readonly running: readonly T[]; readonly missing: readonly Missing[] }> {
  const running: T[] = [];
  for (const candidate of candidates)
    if (candidate.missing === undefined) running.push(stack.use(await candidate.start()));
  const missing = candidates.flatMap(({ name, missing: reason }) =>
    reason === undefined ? [] : { name, reason },
  );
  return { running, missing };
}

/** For a candidate that is a program of the machine, by name or path. */
export const unlessInstalled = (program: string): string | undefined =>
  Bun.which(program) === null ? `${basename(program)} is not installed: npm run bench:peers` : undefined;
