import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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
/** Thousands of connections, which a server that hardly has its turn would lose. */
const CROWDS = filesAt('e2e/faults/crowds.e2e.test.ts');
/** What needs the real server and no client. */
const FAULTS = filesAt('e2e/{conformance,faults}/*.e2e.test.ts').filter((path) => !CROWDS.includes(path));
const CLIENTS = filesAt('{bench,cli,contract,e2e,server}/**/*.e2e.test.ts').filter(
  (path) => !FAULTS.includes(path) && !CROWDS.includes(path),
);

/** Files of clients that no lane has taken on yet. */
const waiting = [...CLIENTS];

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
  const first = clientLane();
  await runTests('unit', ['--path-ignore-patterns=**/*.e2e.test.ts']);
  await runTests('crowd', CROWDS);
  const second = clientLane();
  await runTests('conformance and fault', FAULTS);
  await Promise.all([first, second]);
} finally {
  rmSync(reports, { recursive: true });
}
const alsoSkipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${alsoSkipped}`);
process.exitCode = counts.failed === 0 ? 0 : 1;

/** Runs files of clients one after the other, each in a process of its own, until none waits; shows of each what it said. */
async function clientLane(): Promise<void> {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const said = join(reports, `${basename(file)}.txt`);
    const output = openSync(said, 'w');
    await runTests(basename(file), [file], output);
    closeSync(output);
    console.log(`— ${file}`);
    process.stdout.write(readFileSync(said));
  }
}

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
