import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceSection } from './document.ts';
import { within } from './limit.ts';
import { describeMachine, type Machine } from './machine.ts';
import { HELP, type Options, parseOptions } from './options.ts';
import { chartFile, renderMachine, renderResult, type Result, resultOf } from './report.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import type { Place } from './servers/server.ts';

const ROOT = join(import.meta.dir, '..');
/** Of one scenario, also where the machine has much else to do. */
const QUICK_LIMIT_MS = 240_000;
const PAGE = join(ROOT, 'docs', 'benchmarks.md');

process.exitCode = await main(process.argv.slice(2));

/** Answers the exit code: 0 when every scenario ran, whatever the figures. */
async function main(args: readonly string[]): Promise<number> {
  const options = understand(args);
  if (options === undefined) return 2;
  if (options.help) {
    console.log([HELP, ...scenarios.map(describe)].join('\n'));
    return 0;
  }
  if (process.platform !== 'linux') {
    console.error('The bench reads /proc, so it runs on Linux only.');
    return 2;
  }
  const parent = options.directory ?? join(ROOT, '.cache');
  await mkdir(parent, { recursive: true });
  const directory = await mkdtemp(join(parent, 'bench-'));
  try {
    return await measure(options, { directory, signal: interruption() });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function describe({ name, minutes, title, onlyByName }: Scenario): string {
  const when = onlyByName ? '; only when named' : '';
  return `  ${name.padEnd(14)} ${String(minutes).padStart(4)} min  ${title}${when}`;
}

function understand(args: readonly string[]): Options | undefined {
  try {
    return parseOptions(
      args,
      scenarios.map(({ name }) => name),
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/** Ends the servers; the scenario then fails, and everything after it is cleaned up as ever. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

async function measure(options: Options, place: Place): Promise<number> {
  const machine = await describeMachine(place.directory);
  console.error(renderMachine(machine));
  if (options.quick) console.error('A quick run: sizes are a tenth or less of what the labels say.');
  const results: Result[] = [];
  let failures = 0;
  for (const scenario of scenarios.filter((each) => isWanted(each, options))) {
    if (place.signal.aborted) return 130;
    try {
      const result = await runScenario(scenario, options, place);
      results.push(result);
      if (options.write) await publish(machine, result);
    } catch (error) {
      failures += 1;
      console.error(`\n${scenario.name} failed:`, error);
    }
  }
  if (options.json) console.log(JSON.stringify({ machine, quick: options.quick, results }, undefined, 2));
  return failures > 0 || results.some(({ missing }) => missing.some(({ name }) => name === 'entrepot'))
    ? 1
    : 0;
}

function isWanted({ name, onlyByName }: Scenario, { only }: Options): boolean {
  return only.length > 0 ? only.includes(name) : !onlyByName;
}

async function runScenario(scenario: Scenario, options: Options, place: Place): Promise<Result> {
  const { name, title, minutes } = scenario;
  console.error(`\n## ${title} (${name})`);
  const directory = join(place.directory, name);
  await mkdir(directory);
  const { quick } = options;
  const begun = performance.now();
  const limit = quick ? QUICK_LIMIT_MS : (3 * minutes + 5) * 60_000;
  const outcome = await within(limit, place.signal, (signal) =>
    scenario.run({ directory, signal, quick, say: console.error }),
  ).finally(() => rm(directory, { recursive: true, force: true }));
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.error(`  ${name} took ${seconds} s`);
  const result = { ...resultOf(scenario, outcome), seconds };
  if (!options.json) console.log(`\n${renderResult(result)}`);
  return result;
}

async function publish(machine: Machine, result: Result): Promise<void> {
  if (result.chart !== undefined) await Bun.write(join(dirname(PAGE), chartFile(result)), result.chart);
  const page = replaceSection(await Bun.file(PAGE).text(), 'machine', renderMachine(machine));
  await Bun.write(PAGE, replaceSection(page, result.name, renderResult(result)));
}
