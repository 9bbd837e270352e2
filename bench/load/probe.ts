import { keepDoing } from './beside.ts';
import { succeed } from './oci-client.ts';

const EVERY_MS = 20;

export interface Probed<T> {
  readonly result: T;
  /** Milliseconds that requests took from the outside, the slowest and all but one in a hundred. */
  readonly max: number;
  readonly p99: number;
}

/** Asks for something small every 20 ms while `work` goes on. */
export async function probed<T>(
  url: string,
  headers: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<Probed<T>> {
  const took: number[] = [];
  const ask = async (): Promise<void> => {
    const begun = performance.now();
    await (await succeed(new URL(url), { headers })).arrayBuffer();
    took.push(performance.now() - begun);
  };
  await ask();
  took.length = 0;
  const asking = keepDoing(EVERY_MS, ask);
  const result = await work().finally(() => asking[Symbol.asyncDispose]());
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  return { result, max: at(1), p99: at(0.99) };
}
