import { writeSync } from 'node:fs';

/** Milliseconds between two drawings. */
const PAUSE = 200;

interface MeterOptions {
  readonly label: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly write?: (text: string) => void;
}

/** How far a long run has come, on one line of a terminal that is drawn over itself. */
export class ProgressMeter {
  readonly #label: string;
  readonly #now: () => number;
  readonly #write: (text: string) => void;
  #startedAt: number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #total = 0;
  #done = 0;

  constructor({ label, now, write = (text) => void writeSync(2, text) }: MeterOptions) {
    this.#label = label;
    this.#now = now;
    this.#write = write;
    this.#startedAt = now();
  }

  /** Begins anew with so many bytes to do. */
  total(bytes: number): void {
    this.#total = bytes;
    this.#done = 0;
    this.#startedAt = this.#now();
  }

  done(bytes: number): void {
    this.#done += bytes;
    const now = this.#now();
    if (now - this.#drawnAt < PAUSE) return;
    this.#drawnAt = now;
    this.#write(`\r${meterLine(this.#label, this.#done, this.#total, now - this.#startedAt)}\u001b[K`);
  }

  clear(): void {
    if (this.#drawnAt > Number.NEGATIVE_INFINITY) this.#write('\r\u001b[K');
  }
}

/** `copying  42%  12.0 of 28.6 MiB  8.1 MiB/s  0:02 left` */
export function meterLine(label: string, done: number, total: number, milliseconds: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const rate = milliseconds === 0 ? 0 : done / (milliseconds / 1000);
  const left = rate === 0 ? '' : `  ${clock((total - done) / rate)} left`;
  return `${label}  ${`${Math.floor(share * 100)}%`.padStart(4)}  ${mib(done)} of ${mib(total)} MiB  ${mib(rate)} MiB/s${left}`;
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

const two = (part: number): string => String(part).padStart(2, '0');

/** Hours, minutes and seconds, without hours where there are none. */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
