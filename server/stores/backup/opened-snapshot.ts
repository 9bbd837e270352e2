import { BackupError } from './backup-error.ts';
import { DATABASE, INITIAL_PASSWORD, inSnapshot, SIGNING_KEY } from './backup-names.ts';
import type { Backups, Snapshot } from './backups.ts';
import { readThrough } from './copy-file.ts';

const KNOWN: readonly string[] = [DATABASE, SIGNING_KEY, INITIAL_PASSWORD];

/** A snapshot's own files, where this machine can read them. */
export interface OpenedSnapshot extends AsyncDisposable {
  readonly database: string;
  /** By names in the snapshot. */
  readonly files: ReadonlyMap<string, string>;
}

/** Fails unless they hold what the manifest says. */
export async function openSnapshot({ target }: Backups, { id, manifest }: Snapshot): Promise<OpenedSnapshot> {
  await using opened = new AsyncDisposableStack();
  const files = new Map<string, string>();
  for (const { name, size, sha256 } of manifest.files) {
    if (!KNOWN.includes(name))
      throw new BackupError(`backup ${id} holds ${name}, which this version does not know`);
    const stored = inSnapshot(id, name);
    if (!(await target.has(stored))) throw new BackupError(`${name} of backup ${id} is missing`);
    const copy = opened.use(await target.localCopy(stored));
    const found = await readThrough(copy.path).catch((error: unknown) => {
      throw new BackupError(`${name} of backup ${id} cannot be read`, { cause: error });
    });
    if (found.size !== size)
      throw new BackupError(
        `${name} of backup ${id} is truncated or damaged: ${found.size} bytes instead of ${size}`,
      );
    if (found.sha256 !== sha256)
      throw new BackupError(`${name} of backup ${id} is damaged: its sha256 is not the one in the manifest`);
    files.set(name, copy.path);
  }
  const database = files.get(DATABASE);
  if (database === undefined) throw new BackupError(`backup ${id} names no ${DATABASE}: it is not whole`);
  const kept = opened.move();
  return { database, files, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
