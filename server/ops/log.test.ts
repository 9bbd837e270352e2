import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { RegistryError } from '../core/error.ts';
import { LineLog } from './log.ts';

const AT = Date.parse('2026-03-01T12:34:56.789Z');
/** A log, and what it has handed over. */
function logging({ human = false, delayMs = 0 } = {}) {
  const written: string[] = [];
  const log = new LineLog({ sink: (text) => void written.push(text), human, now: () => AT, delayMs });
  return { log, written, text: () => written.join('') };
}
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

describe('a line for programs', () => {
  test('is JSON with time, level, message and fields', () => {
    const { log, text } = logging();

    log.write('warn', 'something', { path: '/v2/', status: 500 });

    expect(text()).toEndWith('\n');
    expect(JSON.parse(text())).toEqual({
      time: '2026-03-01T12:34:56.789Z',
      level: 'warn',
      message: 'something',
      path: '/v2/',
      status: 500,
    });
  });

  test('tells of an error with its causes', () => {
    const { log, text } = logging();
    const cause = new RegistryError('UNAVAILABLE', 'STORAGE_FULL', 'no space', {
      cause: new Error('ENOSPC'),
    });

    log.write('error', 'failed', { cause });

    expect(JSON.parse(text())).toMatchObject({
      cause: {
        name: 'RegistryError',
        code: 'UNAVAILABLE',
        message: 'no space',
        cause: { message: 'ENOSPC' },
      },
    });
  });

  test('cannot be forged: whatever is in it, one call is one line and says what it was given', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\n', '\r', '\u2028', '\u0000', '"', '\\', '{', '}'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(
        text,
        fc.dictionary(
          text.map((key) => `x${key}`),
          text,
        ),
        (message, fields) => {
          const { log, text: written } = logging();
          log.write('error', message, fields);

          const lines = written().split('\n');
          expect(lines).toHaveLength(2);
          expect(JSON.parse(lines[0] ?? '')).toEqual({
            time: expect.any(String),
            level: 'error',
            message,
            ...fields,
          });
        },
      ),
    );
  });

  test('keeps its time, level and message, whatever fields come with it', () => {
    const { log, text } = logging();

    log.write('error', 'true', { level: 'debug', message: 'false', time: 'never' });

    expect(JSON.parse(text())).toMatchObject({
      level: 'error',
      message: 'true',
      time: '2026-03-01T12:34:56.789Z',
    });
  });
});

describe('a line for people', () => {
  test('is short', () => {
    const { log, text } = logging({ human: true });

    log.write('warn', 'slow disk', { ms: 12, path: '/data' });

    expect(text()).toBe('12:34:56.789 warn  slow disk ms=12 path=/data\n');
  });

  test('cannot be forged either, nor drive the terminal', () => {
    const text = fc.string({
      unit: fc.constantFrom('\n', '\r', '\u001b', '[31m', '\u009b', '\u0007', 'a', ' ', '='),
    });
    fc.assert(
      fc.property(text, text, fc.array(text), (message, value, list) => {
        const { log, text: written } = logging({ human: true });
        log.write('error', message, { value, list, [`k${value}`]: 1 });

        expect(written().split('\n')).toHaveLength(2);
        expect(written()).not.toMatch(CONTROL);
      }),
    );
  });
});

describe('lines', () => {
  test('that do not matter at once are handed over together', async () => {
    const { log, written } = logging({ delayMs: 1 });

    log.write('info', 'one');
    log.write('debug', 'two');
    expect(written).toEqual([]);
    while (written.length === 0) await Bun.sleep(1);

    expect(written).toHaveLength(1);
    expect(written[0]?.trimEnd().split('\n')).toHaveLength(2);
  });

  test('that do matter take those before them along', () => {
    const { log, text } = logging({ delayMs: 60_000 });

    log.write('info', 'one');
    log.write('error', 'two');

    expect(text().match(/one|two/g)).toEqual(['one', 'two']);
  });

  test('are all handed over when that is asked for, and once', () => {
    const { log, written } = logging({ delayMs: 60_000 });
    log.write('info', 'one');

    log.flush();
    log.flush();

    expect(written).toHaveLength(1);
  });
});
