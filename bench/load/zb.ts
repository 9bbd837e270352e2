import { run } from './run-program.ts';

export interface ZbPlan {
  readonly program: string;
  readonly url: string;
  /** `user:password`. */
  readonly credentials?: string;
  /** Full repository name for what is pushed. */
  readonly repository: string;
  /** Names of tests, each a regular expression. */
  readonly tests: readonly string[];
  readonly requests: number;
  /** For what it keeps meanwhile. */
  readonly directory: string;
}

/** Runs zot's own benchmark against a registry; answers requests per second by test. */
export async function zb(plan: ZbPlan): Promise<ReadonlyMap<string, number>> {
  const who = plan.credentials === undefined ? [] : ['-A', plan.credentials];
  const what = ['-c', '10', '-n', String(plan.requests), '-r', plan.repository, '-d', plan.directory];
  const only = ['-t', `^(${plan.tests.join('|')})$`];
  const ran = await run([plan.program, ...who, ...what, ...only, plan.url], { seconds: 600 });
  return parseZb(ran.stdout);
}

export function parseZb(output: string): ReadonlyMap<string, number> {
  const rates = new Map<string, number>();
  for (const block of output.split(/^=+$/m).slice(1)) {
    const field = (name: string) => new RegExp(`^${name}: +(.+?) *$`, 'm').exec(block)?.[1];
    const [name, rate] = [field('Test name'), Number(field('Requests per second'))];
    if (name === undefined || !(rate > 0)) continue;
    if (field('Failed requests') !== '0')
      throw new Error(`${name}: ${field('Failed requests')} requests failed`);
    rates.set(name, rate);
  }
  if (rates.size === 0) throw new Error(`zb printed no result:\n${output}`);
  return rates;
}
