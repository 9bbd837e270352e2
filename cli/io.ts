import { homedir } from 'node:os';
import { basename } from 'node:path';
import { isatty } from 'node:tty';

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
  /** One line without its end; undefined at the end of input. With `hidden`, a terminal does not show what is typed. */
  line(options?: { readonly hidden?: boolean }): Promise<string | undefined>;
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
}

/** The reader of standard output is gone, as with `| head`. Not a failure. */
export class OutputClosed extends Error {}

/** The process's own streams, clock and environment. */
export function processIo(): Io {
  return {
    program: basename(Bun.isStandaloneExecutable ? process.argv0 : (process.argv[1] ?? '')),
    env: process.env,
    home: homedir(),
    stdin: { isTerminal: isatty(0), text: () => Bun.stdin.text(), line: readLine },
    stdout: sink(process.stdout),
    stderr: sink(process.stderr),
    now: () => Date.now(),
    fetch: (request) => fetch(request),
  };
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

async function readLine({ hidden = false }: { readonly hidden?: boolean } = {}): Promise<string | undefined> {
  const { createInterface } = await import('node:readline');
  const { Writable } = await import('node:stream');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = hidden && isatty(0);
  const lines = createInterface({ input: process.stdin, terminal, ...(terminal ? { output: silent } : {}) });
  try {
    return await new Promise((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(undefined));
      lines.once('SIGINT', () => resolve(undefined));
    });
  } finally {
    lines.close();
  }
}
