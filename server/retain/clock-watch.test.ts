import { beforeEach, expect, test } from 'bun:test';
import { MemoryClockRecord } from '../testing/garbage-lab.ts';
import { ClockWatch } from './clock-watch.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PAUSE = HOUR;

let wall: number;
let steady: number;
let record: MemoryClockRecord;
beforeEach(() => {
  wall = 1_000 * DAY;
  steady = 0;
  record = new MemoryClockRecord();
});

const watch = () => new ClockWatch({ now: () => wall, monotonic: () => steady, pauseMs: PAUSE, record });
const pass = (milliseconds: number): void => {
  wall += milliseconds;
  steady += milliseconds;
};

test('a clock that nobody sets is believed, however seldom it is asked', () => {
  const clock = watch();
  for (const time of [0, 1, HOUR, 40 * DAY]) {
    pass(time);
    expect(clock.time()).toBe(wall);
  }
});

test('a correction of some seconds is none of our business', () => {
  const clock = watch();
  clock.time();
  wall -= 20_000;
  expect(clock.time()).toBe(wall);
});

test.each([DAY, -DAY, 2 * MINUTE])('a clock set by %d ms is not believed for a while', (jump) => {
  const clock = watch();
  clock.time();
  wall += jump;
  expect(clock.time()).toBeUndefined();
  pass(PAUSE - 1);
  expect(clock.time()).toBeUndefined();
  pass(1);
  expect(clock.time()).toBe(wall);
});

test('a pause goes on after a restart, and ends when it would have ended', () => {
  const before = watch();
  before.time();
  wall += DAY;
  before.time();
  pass(PAUSE / 2);

  const clock = watch();
  expect(clock.time()).toBeUndefined();
  pass(PAUSE / 2 - 1);
  expect(clock.time()).toBeUndefined();
  pass(1);
  expect(clock.time()).toBe(wall);
});

test.each([
  ['a restart', 5_000, true],
  ['a short time without a server', PAUSE / 2, true],
  ['so long a time that leases ended in it', PAUSE + 1, false],
  ['a clock that was put back meanwhile', -DAY, false],
])('after %s', (_, away, believed) => {
  watch().time();
  wall += away;
  const clock = watch();
  expect(clock.time()).toBe(believed ? wall : undefined);
  pass(PAUSE);
  expect(clock.time()).toBe(wall);
});

test('a pause from a time that is far ahead does not last longer than one', () => {
  record.write({ seenAt: wall, pausedUntil: wall + 1_000 * DAY });
  const clock = watch();
  expect(clock.time()).toBeUndefined();
  pass(PAUSE);
  expect(clock.time()).toBe(wall);
});
