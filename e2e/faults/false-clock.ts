import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';

const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
];
const library = LIBRARIES.find((path) => existsSync(path));

/** Why no program can be given another time of day here; nothing when it can. */
export const reasonAgainstFalseClock = library === undefined ? 'libfaketime is not installed' : undefined;

/** A time of day that the programs under it believe, and that is set while they run; other clocks stay as they are. */
export class FalseClock {
  readonly #file: string;

  /** `file`: where the difference to the true time is kept; made by the first `set`. */
  constructor(file: string) {
    this.#file = file;
  }

  /** What is put in front of a command line. */
  get under(): readonly string[] {
    return [
      'env',
      `LD_PRELOAD=${library ?? ''}`,
      `FAKETIME_TIMESTAMP_FILE=${this.#file}`,
      'FAKETIME_NO_CACHE=1',
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
    ];
  }

  /** Sets the time so many hours after, or with a minus before, the true one. */
  async set(hours: number): Promise<void> {
    await Bun.write(`${this.#file}.next`, `${hours < 0 ? '-' : '+'}${Math.abs(hours)}h\n`);
    await rename(`${this.#file}.next`, this.#file);
  }
}
