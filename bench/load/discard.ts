import { join } from 'node:path';
import type { Transfer } from './curl.ts';
import { run } from './run-program.ts';

export interface DiscardPlan {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How often, one after the other on one connection. */
  readonly times: number;
}

/**
 * Downloads like a client on another machine: the kernel takes the bytes off the connection and nobody copies them
 * (MSG_TRUNC, tcp(7)), so that the receiver's work does not hide what the server can do.
 */
export async function discard(plan: DiscardPlan): Promise<Transfer> {
  const program = join(import.meta.dir, 'discard-program.ts');
  const ran = await run([process.execPath, program, JSON.stringify(plan)], { seconds: 600 });
  return JSON.parse(ran.stdout) as Transfer;
}
