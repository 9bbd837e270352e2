import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { run, STATIC_STEPS } from './step.ts';
import { readReport, type TestReport } from './test-report.ts';

/** Milliseconds for one test. Those that need longer say so themselves. */
const TIMEOUT = 120_000;

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

let passed = 0;
let skippedTests = 0;
/** What failed, to be shown together at the end. */
const failed: string[] = [];
const reports = mkdtempSync(join(tmpdir(), 'entrepot-test-'));
/**
 * The whole suite: static checks, then unit and contract tests and faults beside real clients, which mostly wait. Goes on after a
 * failure, to show all.
 */
try {
  for (const step of STATIC_STEPS) {
    console.log(`— ${step.name}`);
    if (await run(step)) passed += 1;
    else failed.push(step.name);
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
for (const [index, what] of failed.entries())
  console.log(`\nfailure ${index + 1} of ${failed.length}: ${what}`);
const alsoSkipped = skippedTests > 0 ? `, ${skippedTests} skipped` : '';
console.log(`${passed} passed, ${failed.length} failed${alsoSkipped}`);
process.exitCode = failed.length === 0 ? 0 : 1;

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
  add(name, readReport(report), succeeded);
}

/** A run that failed without a failed test, such as a file that does not load, counts as one failure. */
function add(name: string, { tests, skipped, failures }: TestReport, succeeded: boolean): void {
  passed += tests - skipped - failures.length;
  skippedTests += skipped;
  failed.push(...failures);
  if (!succeeded && failures.length === 0) failed.push(`${name}: failed without a failed test`);
}
