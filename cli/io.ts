import { homedir } from 'node:os';
import { basename } from 'node:path';
import { isatty } from 'node:tty';
import { TypedLines } from './typed-lines.ts';

export interface Sink {
  readonly isTerminal: boolean;
  /** Width of the terminal, 80 when there is none. */
  readonly columns: number;
  /** Resolves when the bytes were taken. OutputClosed when nobody reads any more. */
  write(text: string): Promise<void>;
}
export interface Source {
  readonly isTerminal: boolean;
  /** Everything, to the end. */
  text(): Promise<string>;
  /** Shows a prompt on standard error and reads one line; undefined at the end of input or when the person gives up. */
  line(prompt: string, options?: { readonly hidden?: boolean }): Promise<string | undefined>;
}

/** Everything of the outside that the command line touches, so that tests can be the outside. */
export interface Io {
  /** The name the program was started by. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly stdin: Source;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly now: () => number;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** From now on the first Ctrl-C aborts this signal and lets the work clean up; the second ends the process. */
  readonly interrupt: () => AbortSignal;
}

/** The reader of standard output is gone, as with `| head`. Not a failure. */
export class OutputClosed extends Error {}

/** The process's own streams, clock and environment. */
export function processIo(): Io {
  const stderr = forgiving(sink(process.stderr));
  let typed: TypedLines | undefined;
  return {
    program: basename(Bun.isStandaloneExecutable ? process.argv0 : (process.argv[1] ?? '')),
    env: process.env,
    home: homedir(),
    stdin: {
      isTerminal: isatty(0),
      text: () => Bun.stdin.text(),
      line(prompt, { hidden = false } = {}) {
        typed ??= new TypedLines(process.stdin);
        return typed.line(hidden, () => stderr.write(prompt));
      },
    },
    stdout: sink(process.stdout),
    stderr,
    now: () => Date.now(),
    fetch: (request) => fetch(request),
    sleep: (milliseconds) => Bun.sleep(milliseconds),
    interrupt,
  };
}

/** Work goes on when nobody reads what is said about it. */
const forgiving = (inner: Sink): Sink => ({
  ...inner,
  write: (text) => inner.write(text).catch(() => undefined),
});

function interrupt(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  return controller.signal;
}

function sink(stream: NodeJS.WriteStream & { readonly fd: 1 | 2 }): Sink {
  // A failed write reaches its callback; without a listener the same failure would also end the process.
  stream.on('error', () => undefined);
  return {
    isTerminal: isatty(stream.fd),
    columns: stream.columns ?? 80,
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => {
          if (!error) resolve();
          else if ('code' in error && error.code === 'EPIPE') reject(new OutputClosed());
          else reject(error);
        });
      }),
  };
}
