import type { Measure, Samples } from './measure.ts';
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
}

/** One question to the servers: a value in the list of scenarios/index.ts. */
export interface Scenario {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  readonly measures: readonly Measure[];
  run(bench: Bench): Promise<Outcome>;
}

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

/** For a candidate that is a program of the machine. */
export const unlessInstalled = (program: string): string | undefined =>
  Bun.which(program) === null ? `${program} is not installed: npm run bench:peers` : undefined;
