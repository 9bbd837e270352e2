import type { Config } from './config.ts';

/** Says to a child that its parent holds the data directory. */
const MARK = 'ENTREPOT_WORKER';
/** Where a child finds the descriptor with the lock. */
export const LOCK_DESCRIPTOR = 3;

export const isWorker = (env: Readonly<Record<string, string | undefined>>): boolean =>
  env[MARK] !== undefined;

interface WorkersOptions {
  readonly config: Config;
  /** What follows `serve`. */
  readonly argv: readonly string[];
  /** A descriptor that holds the data directory; the children share it, so the last to end gives the directory back. */
  readonly lock: number;
  readonly print: (text: string) => void;
  /** Says one sentence to the operator. */
  readonly complain: (text: string) => void;
}

interface Worker {
  readonly process: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;
  readonly url: Promise<string>;
}

/**
 * Several processes on one port and one data directory, which this one holds. The first makes what a first start
 * makes before the others begin; when one ends, all do, so that an operator sees it.
 */
export async function runWorkers({ config, argv, lock, print, complain }: WorkersOptions): Promise<number> {
  if (config.listen.port === 0)
    throw new Error('--workers needs a fixed port: every process listens on the same');
  const workers: Worker[] = [];
  const stopping = Promise.withResolvers<undefined>();
  process.once('SIGTERM', () => stopping.resolve(undefined));
  process.once('SIGINT', () => stopping.resolve(undefined));
  const begin = (): Promise<string | undefined> => {
    const worker = start(argv, workers.length, lock);
    workers.push(worker);
    return Promise.race([worker.url, stopping.promise]);
  };

  try {
    const url = await begin();
    if (url !== undefined) await Promise.all(Array.from({ length: config.workers - 1 }, begin));
    if (url !== undefined) print(`entrepot listening on ${url}\n`);
    const code = await Promise.race([stopping.promise, ...workers.map((worker) => worker.process.exited)]);
    if (code !== undefined)
      complain(`one of the ${config.workers} processes ended by itself (${code}); so do the others`);
    return code === undefined ? 0 : Math.max(1, code);
  } finally {
    for (const worker of workers) worker.process.kill('SIGTERM');
    await Promise.all(workers.map((worker) => worker.process.exited));
  }
}

/** Resolves when the parent is gone: it never writes, and the system closes its end of the pipe however it dies. */
export async function orphaned(): Promise<void> {
  for await (const _ of Bun.stdin.stream());
}

function start(argv: readonly string[], index: number, lock: number): Worker {
  const child = Bun.spawn({
    cmd: [...self(), 'serve', ...argv],
    env: { ...process.env, [MARK]: String(index) },
    stdio: ['pipe', 'pipe', 'inherit', lock],
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
