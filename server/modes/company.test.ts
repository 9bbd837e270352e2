import { expect, test } from 'bun:test';
import { Company } from './company.ts';

const MIB = 1024 * 1024;
const ENDLESS = { longestMs: 2 ** 31 - 1 };

/** Things to do that do not end by themselves. */
function works(count: number) {
  const begun: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const each = Array.from({ length: count }, (_, at) => async () => {
    begun.push(at);
    await promise;
  });
  return { begun, each, end: resolve };
}

test('what comes within a moment is done together, in the order it came', async () => {
  using company = new Company();
  const { begun, each, end } = works(3);
  const all = each.map((work) => company.add(work, 1).done);
  expect(begun).toEqual([]);
  end();
  await Promise.all(all);
  expect(begun).toEqual([0, 1, 2]);
});

test('only a few are done at a time', async () => {
  using company = new Company();
  let [running, most] = [0, 0];
  const work = async (): Promise<void> => {
    most = Math.max(most, (running += 1));
    await Bun.sleep(0);
    running -= 1;
  };
  await Promise.all(Array.from({ length: 40 }, () => company.add(work, 1).done));
  expect(most).toBe(3);
});

test('nothing waits for longer than it may, though more keeps coming', async () => {
  using company = new Company({ longestMs: 30 });
  const first = company.add(async () => undefined, 1).done.then(() => 'done');
  do void company.add(async () => undefined, 1);
  while ((await Promise.race([first, Bun.sleep(1)])) !== 'done');
});

test.each<readonly [string, number, number]>([
  ['large', 1, 49 * MIB],
  ['many', 1_001, 1],
])('what is too %s to wait is done at once', (_, count, bytes) => {
  using company = new Company(ENDLESS);
  const { begun, each } = works(count);
  for (const work of each) company.add(work, bytes);
  expect(begun.length).toBe(Math.min(count, 3));
});

test('what somebody waits for is done at once, and once', async () => {
  using company = new Company(ENDLESS);
  const { begun, each, end } = works(2);
  const [first, second] = each.map((work) => company.add(work, 1));
  second?.hurry();
  second?.hurry();
  expect(begun).toEqual([1]);
  end();
  await second?.done;
  first?.hurry();
  await first?.done;
  expect(begun).toEqual([1, 0]);
});

test('who waits learns of a failure, and the others are done all the same', async () => {
  using company = new Company();
  const failing = company.add(() => Promise.reject(new Error('full')), 1);
  const other = company.add(async () => undefined, 1);
  expect(await failing.done.catch(String)).toBe('Error: full');
  await other.done;
});

test('from the end on nothing waits', () => {
  const company = new Company(ENDLESS);
  const { begun, each } = works(2);
  company.add(each[0] ?? (async () => undefined), 1);
  company[Symbol.dispose]();
  company.add(each[1] ?? (async () => undefined), 1);
  expect(begun).toEqual([0, 1]);
});
