import { setImmediate } from 'node:timers/promises';
import type { Recorded } from '../transactions.ts';

/** Rows that one transaction of a large deletion removes: few enough that other writers hardly wait. */
export const STEP = 500;

/**
 * Repeats a step until it answers. Others get their turn in between, so what is deleted in steps is seen to
 * shrink; repeating an interrupted deletion finishes it.
 */
export async function inSteps<T>(step: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const done = await step();
    if (done !== undefined) return done;
    await setImmediate();
  }
}

/** A step that answers is the last one, and what was to be done is done. */
export const stepOf = (done: unknown): Recorded => (done === undefined ? { part: 'step' } : {});
