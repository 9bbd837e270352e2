import { join } from 'node:path';
import { run as runProgram } from '../load/run-program.ts';
import { SELF } from '../measure.ts';
import { interleave } from '../rounds.ts';
import type { Bench, Outcome, Scenario } from '../scenario.ts';

export const cleanup: Scenario = {
  name: 'cleanup',
  title: 'Preview of four cleanup policies over 1,000,000 versions',
  minutes: 3,
  measures: [
    {
      key: 'seconds',
      label: 'preview',
      unit: 's',
      better: 'less',
      goals: [{ kind: 'value', atMost: 60 }],
    },
    {
      key: 'mostMiB',
      label: 'resident at most',
      unit: 'MiB',
      better: 'less',
      goals: [{ kind: 'value', atMost: 200 }],
    },
    { key: 'longestTurnMs', label: 'longest that others would wait', unit: 'ms', better: 'less' },
  ],
  run,
};

interface Figures {
  readonly seconds: number;
  readonly mostMiB: number;
  readonly longestTurnMs: number;
}

async function run(bench: Bench): Promise<Outcome> {
  const program = join(import.meta.dir, '..', 'cleanup-program.ts');
  const size = bench.quick ? ['10000', '10'] : ['1000000', '100'];
  const round = async () => {
    const command = [process.execPath, program, ...size];
    const ran = await runProgram(command, { seconds: 600, env: { TMPDIR: bench.directory } });
    const { seconds, mostMiB, longestTurnMs } = JSON.parse(ran.stdout) as Figures;
    return { seconds, mostMiB, longestTurnMs };
  };
  const samples = await interleave({ counted: 1, warmUp: 0 }, [{ name: SELF, round }], bench.say);
  return { samples, missing: [], notes: NOTES };
}

const NOTES = [
  'In 100 packages; every fourth version is an index with a tag, two children and a signature. In a process of its own, with no server beside it.',
];
