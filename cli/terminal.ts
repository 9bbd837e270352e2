import { CliError } from './exit.ts';
import type { Globals } from './grammar/global-flags.ts';
import type { Io } from './io.ts';
import type { Properties } from './settings/properties.ts';

export interface Progress {
  tick(): void;
  /** Completes the line. `outcome` is what stands after the dots. */
  end(outcome?: string): Promise<void>;
}

type Level = 'debug' | 'info' | 'warning' | 'error';
const LEVELS = ['debug', 'info', 'warning', 'error', 'critical', 'none'];

/** Everything said to the person beside the answer. It all goes to standard error. */
export class Terminal {
  readonly #io: Io;
  readonly #globals: Globals;
  readonly #properties: Properties;

  constructor(io: Io, globals: Globals, properties: Properties) {
    this.#io = io;
    this.#globals = globals;
    this.#properties = properties;
  }

  /** What was done, for a person to read; a script asks for a format. Not said with --quiet. */
  async notice(text: string): Promise<void> {
    if (!this.#globals.quiet && this.#says('info')) await this.#io.stderr.write(`${text}\n`);
  }

  async warn(text: string): Promise<void> {
    if (this.#says('warning')) await this.#io.stderr.write(`${this.#coloured('WARNING:', 33)} ${text}\n`);
  }

  async debug(text: string): Promise<void> {
    if (this.#globals.verbosity === 'debug') await this.#io.stderr.write(`DEBUG: ${text}\n`);
  }

  async error(text: string): Promise<void> {
    if (this.#says('error')) await this.#io.stderr.write(`${this.#coloured('ERROR:', 31)} ${text}\n`);
  }

  /** Asks before something that cannot be undone. Without a terminal, or with --quiet, the answer is yes. */
  async confirm(what: string): Promise<void> {
    if (!this.#io.stdin.isTerminal || (await this.#asksNothing())) return;
    let prompt = `${what}\n\nDo you want to continue (Y/n)?  `;
    for (;;) {
      const answer = (await this.#io.stdin.line(prompt))?.trim().toLowerCase();
      if (answer === '' || answer === 'y' || answer === 'yes') return;
      if (answer === undefined || answer === 'n' || answer === 'no')
        throw new CliError('cancelled', 'stopped at your word; nothing was changed');
      prompt = 'Please answer y or n:  ';
    }
  }

  /** One line from the person. An error that names `instead` when nobody is there to ask. */
  async ask(
    prompt: string,
    options: { readonly hidden?: boolean; readonly instead: string },
  ): Promise<string> {
    if (!this.#io.stdin.isTerminal) throw new CliError('usage', `no terminal to ask on; ${options.instead}`);
    const line = await this.#io.stdin.line(prompt, { hidden: options.hidden ?? false });
    if (options.hidden) await this.#io.stderr.write('\n');
    if (line === undefined) throw new CliError('cancelled', 'nothing was entered');
    return line;
  }

  /** `text...done.` on a terminal: the dots grow with each tick. Silent elsewhere. */
  progress(text: string): Progress {
    const { stderr } = this.#io;
    if (!this.showsProgress) return { tick: () => undefined, end: async () => undefined };
    let last = stderr.write(`${text}...`);
    return {
      tick: () => {
        last = last.then(() => stderr.write('.'));
      },
      end: async (outcome = 'done.') => {
        await last;
        await stderr.write(`${outcome}\n`);
      },
    };
  }

  get showsProgress(): boolean {
    return this.#io.stderr.isTerminal && !this.#globals.quiet && this.#says('info');
  }

  async #asksNothing(): Promise<boolean> {
    return this.#globals.quiet === true || (await this.#properties.get('core/disable_prompts')) === 'true';
  }

  #says(level: Level): boolean {
    return LEVELS.indexOf(this.#globals.verbosity ?? 'info') <= LEVELS.indexOf(level);
  }

  #coloured(text: string, colour: number): string {
    const { stderr, env } = this.#io;
    if (!stderr.isTerminal || env['NO_COLOR'] || env['TERM'] === 'dumb') return text;
    return `\u001B[${colour};1m${text}\u001B[0m`;
  }
}
