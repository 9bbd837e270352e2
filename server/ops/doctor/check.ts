import type { Database } from 'bun:sqlite';
import type { DataPaths } from '../../stores/data-directory.ts';

export { byteSize as size } from '../../lib/byte-size.ts';

export type Level = 'ok' | 'warn' | 'fail';

/** What a check found: a sentence for people, and what they can do about it. */
export interface Finding {
  readonly level: Level;
  readonly says: string;
  readonly do?: string;
}

/** The settings that checks look at; the server's own, by the same names. */
export interface DoctorSettings {
  readonly listen: { readonly hostname: string; readonly port: number };
  readonly domain: string | undefined;
  readonly publicUrl: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** Bytes that uploads leave free. */
  readonly reserve: number;
  /** Milliseconds. */
  readonly uploadExpiry: number;
}

/** What is there to be looked at. All of it is read only. */
export interface Patient {
  readonly settings: DoctorSettings;
  readonly paths: DataPaths;
  /** Whether a server holds the directory. */
  readonly running: boolean;
  /** Its process, where the system tells. */
  readonly pid: number | undefined;
  /** A connection that reads, when there is a database that can be opened. */
  readonly database: Database | undefined;
  /** Why a database that is there could not be opened. */
  readonly databaseFailure: unknown;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told how far a long check has come. */
  readonly progress: (done: number, of: number) => void;
}

/** What must be there for a check to have something to say. */
export type Need = 'directory' | 'blobs' | 'database';

export interface Check {
  readonly name: string;
  readonly needs?: readonly Need[];
  /** Reads much, so it is done only when asked for. */
  readonly deep?: boolean;
  readonly run: (patient: Patient) => Promise<Finding> | Finding;
}

export const ok = (says: string): Finding => ({ level: 'ok', says });
export const warn = (says: string, what: string): Finding => ({ level: 'warn', says, do: what });
export const fail = (says: string, what: string): Finding => ({ level: 'fail', says, do: what });

/** The system's word for a failure, such as ENOENT. */
export const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';

export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

export const count = (number: number, what: string, many = `${what}s`): string =>
  `${number} ${number === 1 ? what : many}`;
