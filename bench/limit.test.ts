import { expect, it } from 'bun:test';
import { within } from './limit.ts';

const never = new AbortController().signal;

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('a server went away')));
  });

it('answers what was done in time', async () => {
  expect(await within(60_000, never, () => Promise.resolve(1))).toBe(1);
});

it('tells the work that its time is over, and says so', async () => {
  const late = within(1, never, untilAborted);

  expect(await late.catch((error: unknown) => error)).toMatchObject({
    message: 'it was not done after 0 s',
    cause: { message: 'a server went away' },
  });
});

it('does not wait for work that does not notice', async () => {
  const deaf = Promise.withResolvers<never>();

  const late = within(1, never, () => deaf.promise, 1);

  expect(await late.catch((error: unknown) => error)).toBeInstanceOf(Error);
});

it('leaves other failures what they are', async () => {
  const failure = new Error('refused');

  expect(await within(60_000, never, () => Promise.reject(failure)).catch((error: unknown) => error)).toBe(
    failure,
  );
});
