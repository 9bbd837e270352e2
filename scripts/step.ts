/** A command whose success is one of the project's checks. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const bin = (name: string): string => `node_modules/.bin/${name}`;

/** In the order that tells a mistake soonest. */
export const STATIC_STEPS: readonly Step[] = [
  { name: 'format', command: [bin('oxfmt'), '--check', '.'] },
  { name: 'lint', command: [bin('oxlint'), '--type-aware', '--deny-warnings'] },
  { name: 'types', command: [bin('tsc'), '--noEmit'] },
  { name: 'unused code', command: [bin('knip')] },
];

/** Whether it succeeded. Its output goes where ours goes, or into a file. */
export async function run({ command }: Step, output: 'inherit' | number = 'inherit'): Promise<boolean> {
  const child = Bun.spawn({ cmd: [...command], stdin: 'ignore', stdout: output, stderr: output });
  return (await child.exited) === 0;
}
