import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceSection } from './document.ts';
import { describeMachine, type Machine } from './machine.ts';
import { HELP, type Options, parseOptions } from './options.ts';
import { renderMachine, renderResult, type Result, resultOf } from './report.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import type { Place } from './servers/server.ts';

const ROOT = join(import.meta.dir, '..');
const PAGE = join(ROOT, 'docs', 'benchmarks.md');

process.exitCode = await main(process.argv.slice(2));

/** Answers the exit code: 0 when every scenario ran, whatever the figures. */
async function main(args: readonly string[]): Promise<number> {
  const options = understand(args);
  if (options === undefined) return 2;
  if (options.help) {
    console.log([HELP, ...scenarios.map(({ name, title }) => `  ${name.padEnd(14)} ${title}`)].join('\n'));
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
  for (const scenario of scenarios) {
    if (place.signal.aborted) return 130;
    if (options.only.length > 0 && !options.only.includes(scenario.name)) continue;
    try {
      results.push(await runScenario(scenario, options, place));
    } catch (error) {
      failures += 1;
      console.error(`\n${scenario.name} failed:`, error);
    }
  }
  if (options.json) console.log(JSON.stringify({ machine, quick: options.quick, results }, undefined, 2));
  if (options.write) await publish(machine, results);
  return failures > 0 || results.some(({ missing }) => missing.some(({ name }) => name === 'entrepot'))
    ? 1
    : 0;
}

async function runScenario(scenario: Scenario, options: Options, place: Place): Promise<Result> {
  console.error(`\n## ${scenario.title} (${scenario.name})`);
  const directory = join(place.directory, scenario.name);
  await mkdir(directory);
  const outcome = await scenario.run({
    directory,
    signal: place.signal,
    quick: options.quick,
    say: console.error,
  });
  await rm(directory, { recursive: true, force: true });
  const result = resultOf(scenario, outcome);
  if (!options.json) console.log(`\n${renderResult(result)}`);
  return result;
}

async function publish(machine: Machine, results: readonly Result[]): Promise<void> {
  let page = replaceSection(await Bun.file(PAGE).text(), 'machine', renderMachine(machine));
  for (const result of results) page = replaceSection(page, result.name, renderResult(result));
  await Bun.write(PAGE, page);
}
