import { appendFile, readFile, rm, stat, type FileHandle } from 'node:fs/promises';

/** Which parts of an interrupted download are whole: a list beside it, a line for each part, written when the part is on the disk. */
export class FinishedParts {
  readonly #path: string;
  readonly #length: number;
  readonly #firsts: Set<number>;

  private constructor(path: string, length: number, firsts: Set<number>) {
    this.#path = path;
    this.#length = length;
    this.#firsts = firsts;
  }

  /** `length` is of a part in bytes: parts of another length say nothing. */
  static async of(draft: string, length: number): Promise<FinishedParts> {
    const path = `${draft}s`;
    const text = (await stat(draft).catch(() => undefined))
      ? await readFile(path, 'utf8').catch(() => '')
      : '';
    const firsts = text.split('\n').flatMap((line) => {
      const [, first, of] = /^(\d+) (\d+)$/.exec(line) ?? [];
      return Number(of) === length ? [Number(first)] : [];
    });
    if (firsts.length === 0) await rm(path, { force: true });
    return new FinishedParts(path, length, new Set(firsts));
  }

  get any(): boolean {
    return this.#firsts.size > 0;
  }

  has(first: number): boolean {
    return this.#firsts.has(first);
  }

  async add(first: number, out: FileHandle): Promise<void> {
    await out.datasync();
    await appendFile(this.#path, `${first} ${this.#length}\n`, { mode: 0o600 });
  }

  forget(): Promise<void> {
    return rm(this.#path, { force: true });
  }
}
