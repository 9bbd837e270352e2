import { expect, test } from 'bun:test';
import { RemoteMemory } from './remote-memory.ts';

const absence = { until: 1, purges: '' };

test.each([
  ['few long names', 2_000, 'long'.repeat(2_000)],
  ['many short ones', 50_000, ''],
])('what is absent is forgotten for %s, the oldest first', (_, count, more) => {
  const memory = new RemoteMemory();
  memory.noteAbsent('first', absence);
  for (let at = 0; at < count; at += 1) memory.noteAbsent(`${at}${more}`, absence);

  expect(memory.wasAbsent('first', '')).toBe(false);
  expect(memory.wasAbsent(`${count - 1}${more}`, '')).toBe(true);
});

test('what was found meanwhile leaves room', () => {
  const memory = new RemoteMemory();
  memory.noteAbsent('first', absence);
  for (let at = 0; at < 2_000; at += 1) {
    const id = `${at}${'long'.repeat(2_000)}`;
    memory.noteAbsent(id, absence);
    memory.noteAbsent(id, absence);
    memory.noteFound(id);
  }
  expect(memory.wasAbsent('first', '')).toBe(true);
});
