import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ClockRecord, ClockStamp } from '../core/clock.ts';

/** One small file. It is not synced: what a power cut takes of it makes the next start more careful, never less. */
export class ClockFile implements ClockRecord {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  read(): ClockStamp | undefined {
    try {
      const { seenAt, pausedUntil } = JSON.parse(readFileSync(this.#path, 'utf8')) as Partial<ClockStamp>;
      return { seenAt: Number(seenAt) || 0, pausedUntil: Number(pausedUntil) || 0 };
    } catch (error) {
      const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      return absent ? undefined : { seenAt: 0, pausedUntil: 0 };
    }
  }

  /** A disk that takes no writes is told of elsewhere. */
  write(stamp: ClockStamp): void {
    const next = `${this.#path}.${process.pid}`;
    try {
      writeFileSync(next, `${JSON.stringify(stamp)}\n`, { mode: 0o600 });
      renameSync(next, this.#path);
    } catch {
      return;
    }
  }
}
