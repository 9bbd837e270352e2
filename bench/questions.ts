import { heads } from './load/ab.ts';
import { wrk } from './load/wrk.ts';
import type { Goal, Measure, Sample, Samples } from './measure.ts';
import { cpuSeconds } from './proc.ts';
import { type Contender, interleave } from './rounds.ts';
import { type Bench, roundsOf } from './scenario.ts';
import type { Running } from './servers/server.ts';

/** Something small that is asked over and over. */
export interface Question {
  readonly key: string;
  readonly label: string;
  /** For the rate. */
  readonly goals?: readonly Goal[];
  /** For the highest latency but one in a hundred. */
  readonly latencyGoals?: readonly Goal[];
  readonly connections: number;
  readonly method?: 'HEAD';
  /** Shows how much of a core the generator took. */
  readonly generator?: true;
}

/** How one server is asked it. */
export interface Asked {
  readonly server: Pick<Running, 'name' | 'pid'>;
  readonly url: string;
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Of wrk. */
  readonly script?: string;
  readonly args?: readonly string[];
}

export const measuresOf = ({
  key,
  label,
  goals = [],
  latencyGoals = [],
  generator,
}: Question): readonly Measure[] => [
  { key, label: `requests, ${label}`, unit: '/s', better: 'more', goals },
  { key: `${key}P99`, label: `latency p99, ${label}`, unit: 'ms', better: 'less', goals: latencyGoals },
  { key: `${key}Cpu`, label: `server CPU per request, ${label}`, unit: 'µs', better: 'less' },
  ...(generator
    ? [{ key: `${key}Load`, label: `load on wrk, ${label}`, unit: 'of one core', better: 'less' } as const]
    : []),
];

export interface Asking {
  readonly question: Question;
  readonly of: readonly Asked[];
}

/** Every question in rounds of its own, everybody who can be asked it in turn. */
export async function askAll(
  bench: Bench,
  askings: readonly Asking[],
  { counted, seconds }: { readonly counted: number; readonly seconds: number },
): Promise<Samples> {
  let samples: Samples = new Map();
  for (const { question, of } of askings) {
    const contenders = of.map((asked): Contender => ({
      name: asked.server.name,
      round: () => ask(question, asked, bench.quick ? 1 : seconds),
    }));
    samples = combine(samples, await interleave(roundsOf(bench, counted), contenders, bench.say));
  }
  return samples;
}

/** Samples of the same rounds, of other measures. */
export function combine(before: Samples, after: Samples): Samples {
  const names = new Set([...before.keys(), ...after.keys()]);
  return new Map(
    [...names].map((name) => {
      const [some, more] = [before.get(name) ?? [], after.get(name) ?? []];
      const length = Math.max(some.length, more.length);
      return [name, Array.from({ length }, (_, round) => ({ ...some[round], ...more[round] }))];
    }),
  );
}

async function ask({ key, connections, method }: Question, asked: Asked, seconds: number): Promise<Sample> {
  const { server, url, script, args } = asked;
  const plan = { url, connections, seconds, headers: await asked.headers() };
  const before = await cpuSeconds(server.pid);
  const load = () => wrk({ ...plan, ...(script !== undefined && { script }), ...(args && { args }) });
  const answered = method === 'HEAD' ? { ...(await heads(plan)), generatorLoad: Number.NaN } : await load();
  const cpu = (((await cpuSeconds(server.pid)) - before) / answered.requests) * 1e6;
  return {
    [key]: answered.rate,
    [`${key}P99`]: answered.p99,
    [`${key}Cpu`]: cpu,
    [`${key}Load`]: answered.generatorLoad,
  };
}
