import { join } from 'node:path';
import { run } from './run-program.ts';

export interface WrkPlan {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Lua program beside this file; it must print the `bench` line of report.lua. */
  readonly script?: string;
  /** Arguments for the script. */
  readonly args?: readonly string[];
}

export interface WrkResult {
  readonly requests: number;
  readonly seconds: number;
  /** Requests per second. */
  readonly rate: number;
  readonly bytes: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Share of one core that wrk itself used: near 1, it was the limit and not the server. */
  readonly generatorLoad: number;
  /** All that was printed, for what a script adds. */
  readonly output: string;
}

const PATIENT_SECONDS = 20;

/** One thread of wrk. An answer that is an error, or a broken connection, fails the run: fast errors are not speed. */
export async function wrk(plan: WrkPlan): Promise<WrkResult> {
  const headers = Object.entries(plan.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const script = join(import.meta.dir, plan.script ?? 'report.lua');
  const load = ['-t1', `-c${plan.connections}`, `-d${plan.seconds}s`, '--timeout', '20s', '-s', script];
  const ran = await run(['wrk', ...load, ...headers, plan.url, '--', ...(plan.args ?? [])], {
    seconds: plan.seconds + 30,
  });
  // A machine with much else to do may need longer for the first answer than a quick run gives it.
  if (/^bench \{"requests":0,.*"failed":0,/m.test(ran.stdout) && plan.seconds < PATIENT_SECONDS)
    return wrk({ ...plan, seconds: PATIENT_SECONDS });
  return { ...parseWrk(ran.stdout), output: ran.stdout, generatorLoad: ran.cpuSeconds / ran.seconds };
}

interface WrkLine {
  readonly requests: number;
  readonly microseconds: number;
  readonly bytes: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function parseWrk(output: string): Omit<WrkResult, 'generatorLoad' | 'output'> {
  const json = /^bench (\{.*\})$/m.exec(output)?.[1];
  if (json === undefined) throw new Error(`wrk printed no result:\n${output}`);
  const line = JSON.parse(json) as WrkLine;
  if (line.failed > 0) throw new Error(`${line.failed} of ${line.requests} requests failed`);
  if (line.requests === 0) throw new Error('wrk had no answer at all');
  const seconds = line.microseconds / 1e6;
  return {
    requests: line.requests,
    seconds,
    rate: line.requests / seconds,
    bytes: line.bytes,
    p50: line.p50 / 1000,
    p99: line.p99 / 1000,
    max: line.max / 1000,
  };
}
