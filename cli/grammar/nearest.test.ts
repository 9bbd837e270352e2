import { expect, it } from 'bun:test';
import { nearest } from './nearest.ts';

it.each([
  ['repositries', ['repositories', 'packages'], 'repositories'],
  ['lsit', ['list', 'delete'], 'list'],
  ['repo', ['repositories', 'packages'], 'repositories'],
  ['--fromat', ['--format', '--filter'], '--format'],
  ['explode', ['list', 'delete'], undefined],
  ['x', ['list'], undefined],
  ['tag', ['tags', 'versions'], 'tags'],
] as const)('%s among %j is %s', (word, candidates, found) => {
  expect(nearest(word, candidates)).toBe(found);
});
