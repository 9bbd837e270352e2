import { run, STATIC_STEPS, type Step } from './step.ts';

/** Everything that needs no other program and well under a minute; stops at the first failure. */
const tests: Step = {
  name: 'tests',
  command: [process.execPath, 'test', '--path-ignore-patterns=**/*.e2e.test.ts', '--only-failures'],
};

for (const step of [...STATIC_STEPS, tests]) {
  console.log(`— ${step.name}`);
  if (!(await run(step))) {
    console.error(`${step.name} failed`);
    process.exit(1);
  }
}
console.log('all is well');
