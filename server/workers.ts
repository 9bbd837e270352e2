import type { Config } from './config.ts';

/** Says to a child that its parent holds the data directory. */
const MARK = 'ENTREPOT_WORKER';

export const isWorker = (env: Readonly<Record<string, string | undefined>>): boolean => env[MARK] !== undefined;

interface WorkersOptions {
  readonly config: Config;
  /** What follows `serve`. */
  readonly argv: readonly string[];
  print(text: string): void;
}

interface Worker {
  readonly process: Bun.Subprocess<'ignore', 'pipe', 'inherit'>;
  readonly url: Promise<string>;
}

/**
 * Several processes on one port and one data directory, which this one holds. The first makes what a first start
 * makes before the others begin; when one ends, all do, so that an operator sees it.
 */
export async function runWorkers({ config, argv, print }: WorkersOptions): Promise<number> {
  if (config.listen.port === 0) throw new Error('--workers needs a fixed port: every process listens on the same');
  const first = start(argv, 0);
  const workers = [first];
  let stopping = false;
  const stop = (): void => {
    stopping = true;
    for (const worker of workers) worker.process.kill('SIGTERM');
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);

  const url = await first.url;
  for (let index = 1; index < config.workers && !stopping; index += 1) workers.push(start(argv, index));
  await Promise.all(workers.map((worker) => worker.url));
  print(`entrepot listening on ${url}\n`);

  const code = await Promise.race(workers.map((worker) => worker.process.exited));
  stop();
  await Promise.all(workers.map((worker) => worker.process.exited));
  return code;
}

function start(argv: readonly string[], index: number): Worker {
  const child = Bun.spawn({
    cmd: [...self(), 'serve', ...argv],
    env: { ...process.env, [MARK]: String(index) },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  return { process: child, url: ready(child.stdout) };
}

/** How to start this very program: an executable of its own, or the runtime with a script. */
function self(): readonly string[] {
  const script = process.argv[1] ?? '';
  return script.endsWith('.ts') ? [process.execPath, script] : [process.execPath];
}

async function ready(output: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of output) {
    text += decoder.decode(chunk, { stream: true });
    const match = /listening on (\S+)\n/.exec(text);
    if (match?.[1] !== undefined) return match[1];
  }
  throw new Error('a worker ended before it was ready');
}
