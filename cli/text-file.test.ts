import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { textOfFile } from './text-file.ts';

test.each([
  ['nowhere', 'there is no such file'],
  [join('text-file.ts', 'nowhere'), 'there is no such file'],
  ['commands', 'it is a directory'],
])('of %s it is said that %s', async (path, why) => {
  const at = join(import.meta.dir, path);
  expect(await textOfFile(at, '--policy: cannot read').catch((thrown: unknown) => thrown)).toMatchObject({
    exit: 'usage',
    message: `--policy: cannot read ${at}: ${why}`,
  });
});

test('a file is read as text', async () => {
  expect(await textOfFile(join(import.meta.dir, 'text-file.ts'))).toContain('export const textOfFile');
});
