import { dlopen } from 'bun:ffi';

const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;
const FLOCK = { flock: { args: ['i32', 'i32'], returns: 'i32' } } as const;

/**
 * flock(2). The kernel gives a lock back when its descriptor closes or its process dies, however it dies, so there is
 * no such thing as a stale one. It holds between processes, and between two descriptors of one process.
 */
export interface FileLock {
  /** Never waits. False when another descriptor of the file holds the lock. */
  take(fd: number): boolean;
  give(fd: number): void;
}

const libraries = (): readonly string[] =>
  process.platform === 'darwin'
    ? ['libSystem.B.dylib']
    : ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`];

/** Fails where the C library cannot be found: a store without locks would lose bytes, so there is none. */
export function fileLock(): FileLock {
  let failure: unknown;
  for (const library of libraries()) {
    try {
      const { flock } = dlopen(library, FLOCK).symbols;
      return {
        take: (fd) => flock(fd, LOCK_EX | LOCK_NB) === 0,
        give: (fd) => void flock(fd, LOCK_UN),
      };
    } catch (error) {
      failure = error;
    }
  }
  throw new Error('no C library with file locks on this machine', { cause: failure });
}
