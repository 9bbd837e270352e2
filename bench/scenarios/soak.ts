import { join } from 'node:path';
import { run as runProgram } from '../load/run-program.ts';
import { SELF } from '../measure.ts';
import type { Bench, Outcome, Scenario } from '../scenario.ts';

const ROOT = join(import.meta.dir, '..', '..');
const FILE = 'e2e/faults/garbage.e2e.test.ts';
/** Seconds of each soak; those without kills are three, with other graces. */
const SECONDS = { soak: 210, 'soak-kill': 600 } as const;
const QUICK_SECONDS = 5;

interface Soak {
  readonly name: keyof typeof SECONDS;
  readonly title: string;
  readonly minutes: number;
  /** Part of the names of its tests. */
  readonly tests: string;
  readonly notes: readonly string[];
}

/** A long run of mixed traffic that must not lose, leak or refuse anything. It fails or it does not; its figures are few. */
const soaking = ({ name, title, minutes, tests, notes }: Soak): Scenario => ({
  name,
  title,
  minutes,
  onlyByName: true,
  measures: [
    { key: 'passed', label: 'soaks without a fault', unit: 'of them', better: 'more' },
    { key: 'checks', label: 'checks that held', unit: 'in all', better: 'more' },
    { key: 'minutes', label: 'took', unit: 'min', better: 'more' },
  ],
  async run(bench: Bench): Promise<Outcome> {
    const asked = Number(process.env['ENTREPOT_SOAK_SECONDS'] ?? SECONDS[name]);
    const seconds = bench.quick ? QUICK_SECONDS : asked;
    const limit = 3 * (seconds + 120);
    bench.say(`  ${limit / 60} minutes at most`);
    const ran = await runProgram([process.execPath, 'test', FILE, '-t', tests], {
      seconds: limit,
      cwd: ROOT,
      env: { TMPDIR: bench.directory, ENTREPOT_SOAK_SECONDS: String(seconds) },
      signal: bench.signal,
    });
    const sample = { ...parseSoak(ran.stderr), minutes: ran.seconds / 60 };
    bench.say(`  ${JSON.stringify(sample)}`);
    return { samples: new Map([[SELF, [sample]]]), missing: [], notes };
  },
});

/** What the runner of tests says in the end. */
export function parseSoak(output: string): { readonly passed: number; readonly checks: number } {
  const count = (what: string): number => Number(new RegExp(`^ *(\\d+) ${what}`, 'm').exec(output)?.[1]);
  const [passed, checks] = [count('pass'), count('expect\\(\\) calls')];
  if (!(passed > 0 && checks > 0)) throw new Error(`no soak was run:\n${output}`);
  return { passed, checks };
}

export const soak = soaking({
  name: 'soak',
  title:
    'Pushes, pulls, mounts, attachments, deletions and cleanup while garbage is collected, with graces of 0 to 2 s',
  minutes: 12,
  tests: 'no push fails',
  notes: [
    'No push may fail, nothing may dangle, and nothing may be left over: one after the other with a grace of 0 s and a delay of 1 s, with neither, and with 2 s and 1 s.',
  ],
});

export const soakKill = soaking({
  name: 'soak-kill',
  title: 'The same while the server is killed every few seconds',
  minutes: 11,
  tests: 'killed every few seconds',
  notes: [
    'Whatever was acknowledged must be there after each SIGKILL; in the end nothing may be left over: two weeks later by the clock of the server, as objects that a kill left without a record are first set aside.',
  ],
});
