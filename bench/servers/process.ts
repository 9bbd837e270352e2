import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from './server.ts';

export interface Launch {
  readonly command: readonly string[];
  /** Its directory takes the server's log. */
  readonly place: Place;
  readonly env?: Readonly<Record<string, string>>;
  /** Finds the address in a line of standard output. Absent for servers that announce nothing. */
  readonly announces?: RegExp;
}

export interface Started extends AsyncDisposable {
  readonly pid: number;
  /** First group of `announces`. Empty without. */
  readonly announced: string;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

/** Starts a server of ours and hands it back once it has announced itself; ends it by its own process id. */
export async function launch({ command, place, env, announces }: Launch): Promise<Started> {
  const log = join(place.directory, 'log');
  const child = Bun.spawn([...command], {
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: announces ? 'pipe' : Bun.file(`${log}.out`),
    stderr: Bun.file(log),
    signal: place.signal,
  });
  const stop = () => endProcess(child);
  try {
    const announced = announces ? await announcement(child.stdout, announces) : '';
    return { pid: child.pid, announced, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw new Error(`${command.join(' ')}: ${String(error)}\n${await tail(log)}`, { cause: error });
  }
}

async function announcement(
  stdout: ReadableStream<Uint8Array> | number | undefined,
  pattern: RegExp,
): Promise<string> {
  if (!(stdout instanceof ReadableStream)) throw new Error('standard output is not a pipe');
  let seen = '';
  const decoder = new TextDecoder();
  const reader = stdout.getReader();
  const late = new Promise<never>((_, reject) => {
    AbortSignal.timeout(START_TIMEOUT_MS).addEventListener('abort', () => {
      reject(new Error(`not ready after ${START_TIMEOUT_MS / 1000} s`));
    });
  });
  for (;;) {
    const { done, value } = await Promise.race([reader.read(), late]);
    if (done) throw new Error('ended before it was ready');
    seen += decoder.decode(value, { stream: true });
    const found = pattern.exec(seen)?.[1];
    if (found !== undefined) return found;
  }
}

async function endProcess(child: Bun.Subprocess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await child.exited;
  clearTimeout(killer);
}

async function tail(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).split('\n').slice(-20).join('\n');
}

/** Asks until the server answers at all: for servers that announce nothing. */
export async function answers(url: string): Promise<Response> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await fetch(url, { signal: AbortSignal.timeout(2000) });
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`no answer from ${url}`, { cause: error });
      await Bun.sleep(5);
    }
  }
}

/** A loopback port nobody listens on, for servers that cannot choose and tell. */
export function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}
