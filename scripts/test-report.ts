import { readFileSync } from 'node:fs';
import { SaxesParser } from 'saxes';

/** What became of the tests of one run. */
export interface TestReport {
  readonly tests: number;
  readonly skipped: number;
  /** Of each test that failed: file, line, names, and what it was told. */
  readonly failures: readonly string[];
}

const LONGEST = 2_000;

/** A run's report in JUnit's form; of a run that wrote none, that there was no test. */
export function readReport(path: string): TestReport {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return { tests: 0, skipped: 0, failures: [] };
  }
  const failures: string[] = [];
  let tests = 0;
  let skipped = 0;
  let current = '';
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'testcase') {
      tests += 1;
      const { file, line, classname, name: test } = attributes;
      current = `${file}:${line} ${classname === '' ? '' : `${classname} > `}${test}`;
    }
    if (name === 'skipped') skipped += 1;
    if (name === 'failure' || name === 'error')
      failures.push(`${current}\n${(attributes['message'] ?? '').slice(0, LONGEST)}`);
  });
  parser.write(text).close();
  return { tests, skipped, failures };
}
