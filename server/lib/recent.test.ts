import { expect, test } from 'bun:test';
import { Recent } from './recent.ts';

test('what was used least recently is given up for what has no room', () => {
  const recent = new Recent<string>(10);
  recent.put('a', 'A', 4);
  recent.put('b', 'B', 4);
  recent.get('a');
  recent.put('c', 'C', 4);

  expect(['a', 'b', 'c'].map((id) => recent.get(id))).toEqual(['A', undefined, 'C']);
});

test('what is put again takes the place, and the room, of what was there', () => {
  const recent = new Recent<string>(10);
  recent.put('a', 'A', 4);
  recent.put('b', 'B', 4);
  recent.put('b', 'larger', 6);
  expect([recent.get('a'), recent.get('b')]).toEqual(['A', 'larger']);

  recent.put('b', 'smaller', 1);
  recent.put('c', 'C', 5);
  expect(['a', 'b', 'c'].map((id) => recent.get(id))).toEqual(['A', 'smaller', 'C']);
});

test('what is larger than all the room is not kept', () => {
  const recent = new Recent<string>(10);
  recent.put('a', 'A', 11);
  recent.put('b', 'B', 10);

  expect([recent.get('a'), recent.get('b')]).toEqual([undefined, 'B']);
});
