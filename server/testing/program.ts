import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(import.meta.resolve('../../bin/entrepot.ts'));

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs `entrepot` with these arguments, for the data directory `data`. */
export async function entrepotFor(
  data: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  await using child = Bun.spawn([process.execPath, PROGRAM, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ENTREPOT_DATA: data, ...env },
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: 120_000,
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, code };
}
