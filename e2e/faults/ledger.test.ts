import { expect, test } from 'bun:test';
import { blobKey, type Key, Ledger, tagKey, type Value } from './ledger.ts';

const A = 'sha256:a';
const B = 'sha256:b';
const TAG = tagKey('image', 'latest');
const BLOB = blobKey('image', A);

const settled = (ledger: Ledger, ...found: readonly (readonly [Key, Value])[]) =>
  ledger.settle(new Map(found));

test('an acknowledged change must be there', () => {
  const ledger = new Ledger();
  ledger.acknowledge(ledger.begin('the push', [[BLOB, A]]));

  expect(settled(ledger, [BLOB, undefined])).toEqual([`${BLOB} is nothing, not ${A}`]);
  expect(settled(ledger, [BLOB, undefined])).toEqual([]);
});

test('a change without an answer may be there or not', () => {
  const [one, other] = [new Ledger(), new Ledger()];
  for (const ledger of [one, other]) {
    ledger.acknowledge(ledger.begin('the push', [[TAG, A]]));
    ledger.begin('the move', [[TAG, B]]);
  }

  expect(settled(one, [TAG, A])).toEqual([]);
  expect(settled(other, [TAG, B])).toEqual([]);
});

test('what is acknowledged after the power was cut is no promise, and what was before still is', () => {
  const ledger = new Ledger();
  ledger.acknowledge(ledger.begin('the push', [[BLOB, A]]));
  const move = ledger.begin('the move', [[TAG, B]]);
  ledger.cut();
  ledger.acknowledge(move);

  expect(settled(ledger, [BLOB, undefined], [TAG, undefined])).toEqual([`${BLOB} is nothing, not ${A}`]);
  ledger.acknowledge(ledger.begin('the push after that', [[BLOB, A]]));
  expect(settled(ledger, [BLOB, undefined])).toEqual([`${BLOB} is nothing, not ${A}`]);
});

test('a change without an answer must not be there in part', () => {
  const ledger = new Ledger();
  ledger.begin('the push', [
    [BLOB, A],
    [TAG, A],
  ]);

  expect(settled(ledger, [BLOB, A], [TAG, undefined])).toEqual([`the push happened in part: ${BLOB}`]);
});

test('an acknowledged change takes the place of all that ended before it began, and of no other', () => {
  const ledger = new Ledger();
  ledger.acknowledge(ledger.begin('the first', [[TAG, A]]));
  const second = ledger.begin('the second', [[TAG, B]]);
  const third = ledger.begin('the third', [[TAG, undefined]]);
  ledger.acknowledge(second);
  ledger.acknowledge(third);

  expect(ledger.allowed(TAG)).toEqual([B, undefined]);
});

test('a refused change must not be there', () => {
  const ledger = new Ledger();
  ledger.refuse(ledger.begin('the push', [[BLOB, A]]));

  expect(settled(ledger, [BLOB, A])).toEqual([`${BLOB} is ${A}, not nothing`]);
});
