import { expect, it } from 'bun:test';
import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { TypedLines } from './typed-lines.ts';

/** A keyboard, and whether the terminal shows what is typed. */
function keyboard() {
  const shown: boolean[] = [];
  const keys = new PassThrough();
  const input = Object.assign(keys, {
    setRawMode(raw: boolean) {
      shown.push(!raw);
    },
  });
  return { keys, shown, typed: new TypedLines(input as unknown as ReadStream) };
}
const prompt = async (): Promise<void> => undefined;

it('reads one line for each question, also when both were typed at once', async () => {
  const { keys, typed } = keyboard();
  keys.write('ann\nsec');

  const first = await typed.line(false, prompt);
  keys.write('ret\n');

  expect([first, await typed.line(false, prompt)]).toEqual(['ann', 'secret']);
});

it('hides a line before it asks for it, and shows the next one again', async () => {
  const { keys, shown, typed } = keyboard();
  const ask = async (): Promise<void> => {
    expect(shown).toEqual([false]);
    keys.write('secret\r');
  };

  expect(await typed.line(true, ask)).toBe('secret');
  expect(shown).toEqual([false, true]);
});

it.each([
  ['secrex\u007Ft\r', 'secret'],
  ['\u007Fa\r', 'a'],
  ['🎉x\u0008\r\n', '🎉'],
  ['\r', ''],
  ['sec\u0003ret\r', undefined],
  ['\u0004', undefined],
])('reads the hidden keys %j as %j', async (pressed, line) => {
  const { keys, typed } = keyboard();
  keys.write(pressed);

  expect(await typed.line(true, prompt)).toBe(line);
});

it('answers nothing at the end of input', async () => {
  const { keys, typed } = keyboard();
  keys.end('half');

  expect(await typed.line(false, prompt)).toBeUndefined();
});
