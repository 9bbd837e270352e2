import { expect, it } from 'bun:test';
import { parseOptions } from './options.ts';

const known = ['manifest-get', 'push'];

it('takes several scenarios', () => {
  expect(parseOptions(['--only', 'push', '--only', 'manifest-get', '--json'], known)).toMatchObject({
    only: ['push', 'manifest-get'],
    json: true,
    quick: false,
  });
});

it('takes several separated by commas', () => {
  expect(parseOptions(['--only', 'push,manifest-get'], known).only).toEqual(['push', 'manifest-get']);
});

it('names the scenarios there are when asked for another', () => {
  expect(() => parseOptions(['--only', 'pull'], known)).toThrow('there are: manifest-get, push');
});

it('does not publish quick figures', () => {
  expect(() => parseOptions(['--quick', '--write'], known)).toThrow('too rough');
});

it('refuses what it does not know', () => {
  expect(() => parseOptions(['--fast'], known)).toThrow();
});
