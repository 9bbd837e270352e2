import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where .ci/install-clients.sh puts the clients that are not Debian packages. */
const clientsDirectory = process.env['ENTREPOT_CLIENTS'] ?? join(homedir(), '.cache', 'entrepot-clients');

/** Built clients first, then what the machine has; sbin because Debian keeps daemons there. */
export const PATH = [join(clientsDirectory, 'bin'), process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(
  ':',
);

/** Where a client that is a Node.js program is, in the directory that it has to itself. */
export const nodeProgram = (client: string, program = client): string =>
  join(clientsDirectory, 'npm-clients', client, 'node_modules', '.bin', program);

/** Where a client that is a Python program is, in the environment that it has to itself. */
export const pythonProgram = (client: string, program = client): string =>
  join(clientsDirectory, 'python-clients', client, 'bin', program);

/** The program's absolute path, or undefined when this machine does not have it. */
export const findProgram = (name: string): string | undefined => Bun.which(name, { PATH }) ?? undefined;

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** Milliseconds after which the program is killed and the call fails. */
  readonly timeout?: number;
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever it answers. Its environment is PATH and `env`, nothing else. */
export async function attempt(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program = '', ...args] = command;
  const path = findProgram(program) ?? program;
  const child = Bun.spawn([path, ...args], {
    env: { PATH, LC_ALL: 'C.UTF-8', ...options.env },
    stdin: options.stdin === undefined ? 'ignore' : new TextEncoder().encode(options.stdin),
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: options.timeout ?? 300_000,
    killSignal: 'SIGKILL',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Runs a program that must succeed. */
export async function succeed(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const finished = await attempt(command, options);
  const { code, stdout, stderr } = finished;
  if (code !== 0) throw new Error(`${command.join(' ')}\nexit code ${code}\n${stdout}${stderr}`);
  return finished;
}

/** Runs a program that must succeed and answers what it printed on standard output. */
export const run = async (command: readonly string[], options: RunOptions = {}): Promise<string> =>
  (await succeed(command, options)).stdout;
