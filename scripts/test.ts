import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, STATIC_STEPS } from './step.ts';

/** Milliseconds for one test. Those that need longer say so themselves. */
const TIMEOUT = 30_000;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const filesAt = (pattern: string): readonly string[] =>
  [...new Bun.Glob(pattern).scanSync('.')].map((path) => `./${path}`);
/** What needs the real server and no client. */
const FAULTS = filesAt('e2e/{conformance,faults}/*.e2e.test.ts');
const CLIENTS = filesAt('{bench,cli,contract,e2e,server}/**/*.e2e.test.ts').filter(
  (path) => !FAULTS.includes(path),
);

/**
 * The whole suite: static checks, then unit and contract tests and faults beside real clients, which mostly wait. Goes on after a
 * failure, to show all.
 */
const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
const reports = mkdtempSync(join(tmpdir(), 'entrepot-test-'));
try {
  for (const step of STATIC_STEPS) {
    console.log(`— ${step.name}`);
    if (await run(step)) counts.passed += 1;
    else counts.failed += 1;
  }
  const aside = join(reports, 'clients.txt');
  const output = openSync(aside, 'w');
  const clients = runTests('client', CLIENTS, output);
  await runTests('unit', ['--path-ignore-patterns=**/*.e2e.test.ts']);
  await runTests('conformance and fault', FAULTS);
  await clients;
  closeSync(output);
  console.log('— client tests');
  process.stdout.write(readFileSync(aside));
} finally {
  rmSync(reports, { recursive: true });
}
const alsoSkipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${alsoSkipped}`);
process.exitCode = counts.failed === 0 ? 0 : 1;

async function runTests(name: string, args: readonly string[], output?: number): Promise<void> {
  if (output === undefined) console.log(`— ${name} tests`);
  const report = join(reports, `${name}.xml`);
  const flags = [`--timeout=${TIMEOUT}`, '--reporter=junit', `--reporter-outfile=${report}`];
  const succeeded = await run({ name, command: [process.execPath, 'test', ...flags, ...args] }, output);
  add(readReport(report), succeeded);
}

/** A run that failed without a failed test, such as a file that does not load, counts as one failure. */
function add({ passed, failed, skipped }: Counts, succeeded: boolean): void {
  counts.passed += passed;
  counts.failed += succeeded ? failed : Math.max(1, failed);
  counts.skipped += skipped;
}

function readReport(path: string): Counts {
  let head: string;
  try {
    head = /<testsuites[^>]*>/.exec(readFileSync(path, 'utf8'))?.[0] ?? '';
  } catch {
    head = '';
  }
  const number = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = number('failures') + number('errors');
  const skipped = number('skipped');
  return { passed: number('tests') - failed - skipped, failed, skipped };
}
