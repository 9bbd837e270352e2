import { expect, it } from 'bun:test';
import { sumLines } from './curl.ts';

it('adds up the transfers of one run', () => {
  expect(sumLines('1000 0.25\n1000 0.5\n')).toEqual({ bytes: 2000, seconds: 0.75 });
});
