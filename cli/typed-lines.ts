import type { ReadStream } from 'node:tty';

const ENTER = /\r\n|\r|\n/;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACE = ['\u0008', '\u007F'];

/** Lines as a person types them. What was typed ahead is kept for the next question. */
export class TypedLines {
  readonly #input: ReadStream;
  #ahead = '';

  constructor(input: ReadStream) {
    this.#input = input;
  }

  /**
   * One line without its end; undefined at the end of input, or when the person gives up. `prompt` is called once it
   * is sure that a hidden line will not be seen.
   */
  async line(hidden: boolean, prompt: () => Promise<void>): Promise<string | undefined> {
    const input = this.#input;
    if (hidden) input.setRawMode(true);
    try {
      await prompt();
      return await this.#read(hidden);
    } finally {
      if (hidden) input.setRawMode(false);
      input.pause();
    }
  }

  #read(hidden: boolean): Promise<string | undefined> {
    const input = this.#input;
    const taken = this.#take(hidden);
    if (taken) return Promise.resolve(taken.line);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const onData = (data: Buffer | string): void => {
      this.#ahead += data.toString();
      const found = this.#take(hidden);
      if (found) finish(found.line);
    };
    const onEnd = (): void => finish(undefined);
    const finish = (line: string | undefined): void => {
      input.off('data', onData).off('end', onEnd);
      resolve(line);
    };
    input.on('data', onData).once('end', onEnd).resume();
    return promise;
  }

  /** The first finished line of what was typed, if there is one. A hidden line is edited here, as no terminal does. */
  #take(hidden: boolean): { readonly line: string | undefined } | undefined {
    const end = ENTER.exec(this.#ahead);
    const stop = hidden ? firstOf(this.#ahead, [CTRL_C, CTRL_D]) : -1;
    if (stop >= 0 && (end === null || stop < end.index)) {
      this.#ahead = '';
      return { line: undefined };
    }
    if (end === null) return undefined;
    const line = this.#ahead.slice(0, end.index);
    this.#ahead = this.#ahead.slice(end.index + end[0].length);
    return { line: hidden ? edited(line) : line };
  }
}

function firstOf(text: string, keys: readonly string[]): number {
  const found = keys.map((key) => text.indexOf(key)).filter((at) => at >= 0);
  return found.length === 0 ? -1 : Math.min(...found);
}

function edited(keys: string): string {
  const line: string[] = [];
  for (const key of keys)
    if (BACKSPACE.includes(key)) line.pop();
    else line.push(key);
  return line.join('');
}
