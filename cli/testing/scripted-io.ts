import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../main.ts';
import type { Io } from '../io.ts';

export interface Script {
  /** What standard input holds; a terminal hands it out line by line. */
  readonly input?: string;
  /** Which of the streams are terminals. */
  readonly terminal?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly program?: string;
  readonly now?: () => number;
  readonly fetch?: Io['fetch'];
  readonly sleep?: Io['sleep'];
}
interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A person with a home directory of their own, who runs command lines. */
export class Person implements AsyncDisposable {
  readonly home: string;
  readonly #script: Script;

  constructor(home: string, script: Script = {}) {
    this.home = home;
    this.#script = script;
  }

  static async arrive(script: Script = {}): Promise<Person> {
    return new Person(await mkdtemp(join(tmpdir(), 'entrepot-cli-')), script);
  }

  /** Runs a command line, given as words or as one text without quotes. */
  async run(line: string | readonly string[], also: Script = {}): Promise<Ran> {
    const {
      input = '',
      terminal = false,
      env = {},
      program = 'entrepot',
      now,
      fetch,
      sleep = () => Promise.resolve(),
    } = { ...this.#script, ...also };
    const lines = input.split('\n');
    const out: string[] = [];
    const err: string[] = [];
    const sink = (to: string[]) => ({
      isTerminal: terminal,
      columns: 80,
      write: async (text: string) => {
        to.push(text);
      },
    });
    const exit = await main(typeof line === 'string' ? line.split(' ') : line, {
      program,
      env,
      home: this.home,
      stdin: {
        isTerminal: terminal,
        text: async () => input,
        line: async (prompt) => {
          err.push(prompt);
          return lines.shift();
        },
      },
      stdout: sink(out),
      stderr: sink(err),
      now: now ?? (() => Date.parse('2026-11-21T00:00:00Z')),
      sleep,
      interrupt: () => new AbortController().signal,
      fetch:
        fetch ?? (() => Promise.reject(Object.assign(new Error('refused'), { code: 'ConnectionRefused' }))),
    });
    return { exit, stdout: out.join(''), stderr: err.join('') };
  }

  /** The standard output of a command that must do. */
  async done(line: string | readonly string[], also: Script = {}): Promise<string> {
    const { exit, stdout, stderr } = await this.run(line, also);
    if (exit !== 0) throw new Error(`${String(line)} ended with ${exit}: ${stderr}`);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.home, { recursive: true, force: true });
  }
}
