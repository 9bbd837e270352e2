import type { Copied } from './copy-file.ts';

/** What bytes are meant to be. */
export type Contents = Copied;

export interface StoredObject {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** A file held other bytes than were meant, so they were not stored. */
export class OtherBytes extends Error {}

/** A file of this machine, for as long as it is not disposed of. */
export interface LocalFile extends AsyncDisposable {
  readonly path: string;
}

/** What is held is nobody else's until it is disposed of. */
export interface Hold extends AsyncDisposable {
  /** Throws BackupError when it was lost meanwhile. */
  check(): Promise<void>;
}

/**
 * Where backups are kept: bytes by name. Names are made of letters, digits, `.`, `-` and `_`, in folders that `/` ends. What makes a
 * backup of them is the same for all of them, and not here. Failures that are not of this machine's files are BackupErrors.
 */
export interface BackupTarget {
  /** For people. */
  readonly address: string;
  /** The directory of this machine where it is, if it is in one. */
  readonly directory?: string;
  /**
   * Stores a file's bytes, whole and as they were meant, or not at all: then with OtherBytes, or the failure to read the file.
   * `sent` is told of bytes under way.
   */
  put(name: string, path: string, meant: Contents, sent?: (bytes: number) => void): Promise<void>;
  /** What was put and removed so far stays so, whatever happens. */
  settle(): Promise<void>;
  /** Answers what was read. `each` is told of every piece, which may be used again afterwards. */
  read(name: string, each?: (piece: Uint8Array) => Promise<void> | void): Promise<Contents>;
  has(name: string): Promise<boolean>;
  /** What is below a folder, or all that there is, in the order of names. Nothing of what is under way. */
  list(folder?: string): AsyncIterable<StoredObject>;
  /** Whether or not it is there. */
  remove(name: string): Promise<void>;
  /** Whoever writes is alone. Throws BackupError when somebody else is there. */
  hold(purpose: 'read' | 'write'): Promise<Hold>;
  /** Takes away what interrupted runs left beside what they stored. Only for who holds it to write. */
  clear(): Promise<void>;
  /** A file with an object's bytes, which must not be changed. */
  localCopy(name: string): Promise<LocalFile>;
  /** A directory for files of this run, which nobody else can read. */
  scratch(): Promise<LocalFile>;
}
