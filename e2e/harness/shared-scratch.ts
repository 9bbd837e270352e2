import { afterAll, beforeAll } from 'bun:test';
import { type Scratch, scratch } from './scratch.ts';

const LIMIT_MS = 120_000;

/** A directory for the tests of a file: there before the first of them, gone after the last. */
export function sharedScratch(purpose: string): Pick<Scratch, 'path'> {
  let home: Scratch | undefined;
  beforeAll(async () => {
    home = await scratch(purpose);
  });
  afterAll(() => home?.[Symbol.asyncDispose](), LIMIT_MS);
  return {
    get path() {
      if (!home) throw new Error('the directory is made when the tests begin');
      return home.path;
    },
  };
}
