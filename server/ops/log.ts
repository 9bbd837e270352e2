export type Level = 'debug' | 'info' | 'warn' | 'error';
export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  write(level: Level, message: string, fields?: Fields): void;
  /** Hands what is buffered to the operating system. */
  flush(): void;
}

interface LogOptions {
  readonly sink: (text: string) => void;
  /** For people at a terminal instead of programs. */
  readonly human: boolean;
  readonly now: () => number;
  /** Milliseconds a line may wait for others to be written with it. */
  readonly delayMs: number;
}

/** JSON lines, or one short line each on a terminal. Values are escaped, so no line can be forged by a client. */
export class LineLog implements Log {
  readonly #options: LogOptions;
  #waiting: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  write(level: Level, message: string, fields: Fields = {}): void {
    const at = new Date(this.#options.now()).toISOString();
    const line = this.#options.human
      ? `${at.slice(11, 23)} ${level.padEnd(5)} ${printable(message)}${pairs(fields)}`
      : json({ time: at, level, message }, plain(fields));
    this.#waiting.push(line);
    if (level === 'error' || level === 'warn') return this.flush();
    this.#timer ??= setTimeout(() => this.flush(), this.#options.delayMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const text = `${this.#waiting.join('\n')}\n`;
    this.#waiting = [];
    this.#options.sink(text);
  }
}

/** A line's own words are last to be set, so that no field takes their place. */
const json = (own: Fields, fields: Fields): string =>
  JSON.stringify({ ...own, ...fields, ...own }).replaceAll(
    CONTROL,
    (character) => String.raw`\u` + character.charCodeAt(0).toString(16).padStart(4, '0'),
  );

function plain(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? describe(value) : value]),
  );
}

/** An error with its causes, for the log alone. */
function describe(error: Error): Fields {
  const { cause } = error;
  return {
    name: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    stack: error.stack,
    ...(cause instanceof Error && { cause: describe(cause) }),
  };
}

const pairs = (fields: Fields): string =>
  Object.entries(plain(fields))
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .map(printable)
    .join('');

/** What would end a line, or drive a terminal. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
const printable = (text: string): string => text.replaceAll(CONTROL, '?');
