import { join } from 'node:path';

const ROOT = join(import.meta.dir, '..', '..');
/** The program that people run. */
export const ENTREPOT = join(ROOT, 'bin', 'entrepot.ts');
const READY = /^entrepot listening on (https?:\/\/(\S+))$/m;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 60_000;

export const PASSWORD = 'fault-tests';

export interface ProgramOptions {
  /** The data directory. */
  readonly data: string;
  /** More flags of `entrepot serve`. */
  readonly flags?: readonly string[];
  /** Put before the command line: a program that runs another under some limit. */
  readonly under?: readonly string[];
  /** What is run; `entrepot serve` when nothing is said. */
  readonly script?: readonly string[];
  /** The password of `admin` at a first start; `undefined` lets the server make one up. */
  readonly password?: string | undefined;
  /** A file for standard error, instead of keeping it in memory. */
  readonly log?: string;
}

type Child = Bun.Subprocess<'pipe', 'pipe', 'pipe' | Bun.BunFile>;

/** How a process ended: its exit code, or the signal that ended it. */
export type Ending = number | NodeJS.Signals;

/** The real server as a process of its own. */
export class Program implements AsyncDisposable {
  readonly url: string;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #child: Child;
  readonly #output: Output;

  private constructor(child: Child, output: Output, [, url = '', host = '']: readonly string[]) {
    this.#child = child;
    this.#output = output;
    this.url = url;
    this.host = host;
  }

  /** Resolves once the server listens; fails with what it said when it does not. */
  static async start(options: ProgramOptions): Promise<Program> {
    const { data, flags = [], under = [], script = [ENTREPOT, 'serve'] } = options;
    const password = 'password' in options ? options.password : PASSWORD;
    const settings = ['--listen', '127.0.0.1:0', '--reserve', '1MiB', '--data', data, ...flags];
    const child = Bun.spawn([...under, process.execPath, ...script, ...settings], {
      env: {
        PATH: process.env['PATH'],
        ...(password !== undefined && { ENTREPOT_ADMIN_PASSWORD: password }),
      },
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: options.log === undefined ? 'pipe' : Bun.file(options.log),
    });
    const output = new Output(child);
    const late = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS);
    const ready = await output.line(READY);
    clearTimeout(late);
    if (ready) return new Program(child, output, ready);
    await child.exited;
    throw new Error(`the server ended before it listened, with ${ending(child)}\n${output.text}`);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it printed so far, on both of its outputs. */
  get output(): string {
    return this.#output.text;
  }

  /** Writes a line to its standard input. */
  tell(line: string): void {
    void this.#child.stdin.write(`${line}\n`);
    void this.#child.stdin.flush();
  }

  /** Resolves when its output has something that matches. */
  async says(pattern: RegExp): Promise<void> {
    if (!(await this.#output.line(pattern))) throw new Error(`it never said ${pattern}\n${this.output}`);
  }

  /** Sends a signal and does not wait. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async ended(): Promise<Ending> {
    await this.#child.exited;
    return ending(this.#child);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }

  /** Asks it to stop and waits until it has. */
  async stop(): Promise<Ending> {
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    this.#child.kill('SIGTERM');
    await this.#child.exited;
    clearTimeout(late);
    return ending(this.#child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

const ending = ({ exitCode, signalCode }: Child): Ending => signalCode ?? exitCode ?? -1;

/** What a process prints, read as it comes, so that it never waits for us. */
class Output {
  text = '';
  #open = 0;
  #waiting: (() => void)[] = [];

  constructor({ stdout, stderr }: Child) {
    for (const stream of [stdout, stderr]) {
      if (!(stream instanceof ReadableStream)) continue;
      this.#open += 1;
      void this.#read(stream);
    }
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      this.text += chunk;
      this.#wake();
    }
    this.#open -= 1;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  /** What matches, once it does; nothing when all was said and it does not. */
  async line(pattern: RegExp): Promise<readonly string[] | undefined> {
    for (;;) {
      const match = pattern.exec(this.text);
      if (match) return match;
      if (this.#open === 0) return undefined;
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `entrepot` with these arguments to its end. */
export async function entrepot(args: readonly string[]): Promise<Finished> {
  const child = Bun.spawn([process.execPath, ENTREPOT, ...args], {
    env: { PATH: process.env['PATH'] },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: START_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}
