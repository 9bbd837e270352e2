import { expect } from 'bun:test';
import { entrepot } from './program.ts';

const examined = (data: string, ...flags: readonly string[]) =>
  entrepot(['doctor', '--data', data, '--deep', '--reserve', '1MiB', ...flags]);

/** Nothing in the data directory is wrong, though not all of it may be as it should. */
export async function expectNoFailure(data: string): Promise<void> {
  const { code, stdout } = await examined(data);
  expect({ code, failed: stdout.split('\n').filter((line) => line.startsWith('FAIL')) }).toEqual({
    code: 0,
    failed: [],
  });
}

/** Everything is sound; bytes without a row are allowed, since a crash may leave them. */
export async function expectSound(data: string): Promise<void> {
  const { code, stdout } = await examined(data, '--format=json');
  const { checks } = JSON.parse(stdout) as {
    readonly checks: readonly { name: string; level: string; says: string }[];
  };
  expect(checks.filter(({ level, name }) => level !== 'ok' && name !== 'orphans')).toEqual([]);
  expect(code).toBe(0);
}
