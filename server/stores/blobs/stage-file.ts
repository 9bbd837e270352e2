import { closeSync, constants, fdatasync, fsync, openSync, read, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';

const PRIVATE_FILE = 0o600;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
/** Bytes that are copied into the kernel's memory sooner than another thread is told to. */
const BRIEF = 64 * 1024;

const [reading, writing] = [promisify(read), promisify(write)];
const [syncing, syncingData] = [promisify(fsync), promisify(fdatasync)];

/**
 * An open file that an upload grows in. Calls that the kernel answers from memory are made in place: they take some
 * microseconds, handing one to another thread and back takes 80. What waits for the disk goes to another thread.
 */
export class StageFile {
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** A new file. */
  static create(path: string): StageFile {
    return new StageFile(openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, PRIVATE_FILE));
  }

  static open(path: string): StageFile {
    return new StageFile(openSync(path, O_RDWR | O_NOFOLLOW));
  }

  /** Answers how many of the bytes were written, which may be fewer than there are. */
  async write(bytes: Uint8Array, at: number): Promise<number> {
    if (bytes.byteLength <= BRIEF) return writeSync(this.fd, bytes, 0, bytes.byteLength, at);
    return (await writing(this.fd, bytes, 0, bytes.byteLength, at)).bytesWritten;
  }

  /** Answers how many bytes were read. */
  async read(into: Uint8Array, most: number, at: number): Promise<number> {
    return (await reading(this.fd, into, 0, most, at)).bytesRead;
  }

  sync(): Promise<void> {
    return syncing(this.fd);
  }

  datasync(): Promise<void> {
    return syncingData(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }
}
