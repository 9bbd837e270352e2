import { run } from './run-program.ts';

export interface HeadPlan {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HeadResult {
  readonly requests: number;
  /** Requests per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p99: number;
}

/** More would use up the ports of the machine. */
const MOST_REQUESTS = 20_000;

/** HEAD requests of ApacheBench, each on a connection of its own: wrk waits for the body that an answer to HEAD never has. */
export async function heads({ url, connections, seconds, headers }: HeadPlan): Promise<HeadResult> {
  const sent = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const load = [
    '-q',
    '-i',
    `-c${connections}`,
    '-s',
    '20',
    '-t',
    String(seconds),
    '-n',
    String(MOST_REQUESTS),
  ];
  return parseAb((await run(['ab', ...load, ...sent, url], { seconds: seconds + 60 })).stdout);
}

export function parseAb(output: string): HeadResult {
  const field = (name: string): number | undefined => {
    const found = new RegExp(`^ *${name}:? +([\\d.]+)`, 'm').exec(output)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const requests = field('Complete requests');
  const rate = field('Requests per second');
  if (!requests || rate === undefined) throw new Error(`ab printed no result:\n${output}`);
  const failed = (field('Failed requests') ?? 0) + (field('Non-2xx responses') ?? 0);
  if (failed > 0) throw new Error(`${failed} of ${requests} requests failed`);
  return { requests, rate, p99: field('99%') ?? Number.NaN };
}
