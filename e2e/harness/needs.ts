import { describe, test } from 'bun:test';
import { findProgram } from './run.ts';

/**
 * A group of tests that needs programs. Without them it is skipped and says why; where CI is set it fails, so that
 * a machine that should have them cannot pass without.
 */
export function describeWith(name: string, programs: readonly string[], body: () => void): void {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  const reason = `${missing.join(', ')} not found; .ci/install-clients.sh installs it`;
  if (process.env['CI'] !== undefined) {
    test(name, () => {
      throw new Error(reason);
    });
    return;
  }
  console.warn(`skipped ${name}: ${reason}`);
  describe.skip(name, body);
}
