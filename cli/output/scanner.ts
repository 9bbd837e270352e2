import { usage } from '../exit.ts';

/** A place in an expression. Errors show the expression with a mark where it stopped making sense. */
export class Scanner {
  readonly #text: string;
  readonly #what: string;
  #at = 0;

  /** `what` names the expression in errors, such as `--filter`. */
  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  skipSpace(): void {
    this.take(/\s*/y);
  }

  peek(sticky: RegExp): boolean {
    sticky.lastIndex = this.#at;
    return sticky.test(this.#text);
  }

  /** Consumes what a sticky expression matches here. */
  take(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  expect(sticky: RegExp, wanted: string): string {
    return this.take(sticky) ?? this.fail(`${wanted} expected`);
  }

  /** `"…"` or `'…'` with backslash escapes for the quote and the backslash. */
  quoted(): string | undefined {
    const raw = this.take(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/sy);
    if (raw === undefined && this.peek(/["']/y)) this.fail('a closing quote is missing');
    return raw?.slice(1, -1).replaceAll(/\\([\\"'])/g, '$1');
  }

  fail(problem: string): never {
    throw usage(
      `${this.#what}: ${problem} [${this.#text.slice(0, this.#at)} *HERE* ${this.#text.slice(this.#at)}]`,
    );
  }
}
