import { pairedRatios, summarize, type Summary } from './statistics.ts';

/** What Entrepot has to reach: a ratio to a peer of the same round, or a value of its own. */
export type Goal =
  | { readonly kind: 'ratio'; readonly to: string; readonly atLeast: number }
  | { readonly kind: 'ratio'; readonly to: string; readonly atMost: number }
  | { readonly kind: 'value'; readonly atLeast: number }
  | { readonly kind: 'value'; readonly atMost: number };

/** One number that a round yields. `key` is its name inside a Sample. */
export interface Measure {
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly goals?: readonly Goal[];
}

/** What one round of one server yielded, by measure key. */
export type Sample = Readonly<Record<string, number>>;
/** Every counted round of every server, in the order of the rounds. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

export interface Row {
  readonly label: string;
  readonly unit: string;
  readonly server: string;
  readonly summary: Summary;
  /** Entrepot's value divided by this server's, round by round. Absent on Entrepot's own row. */
  readonly ratio?: Summary;
  readonly goal?: string;
  readonly met?: boolean;
}

export const SELF = 'entrepot';

/** One row for each measure and server that has it, Entrepot first, then in the order measured. */
export function tabulate(measures: readonly Measure[], samples: Samples): readonly Row[] {
  return measures.flatMap((measure) => {
    const own = valuesOf(samples.get(SELF), measure.key);
    return [...samples].flatMap(([server, rounds]) => {
      const values = valuesOf(rounds, measure.key);
      if (values.length === 0) return [];
      const row = { label: measure.label, unit: measure.unit, server, summary: summarize(values) };
      if (server === SELF) return [{ ...row, ...judgeValue(measure, row.summary) }];
      if (own.length !== values.length) return [row];
      const ratio = summarize(pairedRatios(own, values));
      return [{ ...row, ratio, ...judgeRatio(measure, server, ratio) }];
    });
  });
}

function valuesOf(rounds: readonly Sample[] | undefined, key: string): readonly number[] {
  return (rounds ?? []).flatMap((sample) => sample[key] ?? []);
}

function judgeValue(measure: Measure, own: Summary): Pick<Row, 'goal' | 'met'> {
  const goal = measure.goals?.find((candidate) => candidate.kind === 'value');
  if (!goal || goal.kind !== 'value') return {};
  if ('atLeast' in goal)
    return { goal: `≥ ${goal.atLeast} ${measure.unit}`, met: own.median >= goal.atLeast };
  return { goal: `≤ ${goal.atMost} ${measure.unit}`, met: own.median <= goal.atMost };
}

function judgeRatio(measure: Measure, server: string, ratio: Summary): Pick<Row, 'goal' | 'met'> {
  const goal = measure.goals?.find((candidate) => candidate.kind === 'ratio' && candidate.to === server);
  if (!goal || goal.kind !== 'ratio') return {};
  if ('atLeast' in goal) return { goal: `≥ ${goal.atLeast} ×`, met: ratio.median >= goal.atLeast };
  return { goal: `≤ ${goal.atMost} ×`, met: ratio.median <= goal.atMost };
}
