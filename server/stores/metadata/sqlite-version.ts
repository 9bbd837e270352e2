/** Below this a power cut can lose committed transactions in WAL mode (sqlite.org/wal.html, the 3.51.3 fix). */
export const OLDEST_SQLITE = '3.51.3';

/** Whether SQLite's `version`, three numbers with points between, is below that. */
export const isTooOld = (version: string): boolean => Bun.semver.order(version, OLDEST_SQLITE) < 0;
