import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface Disk extends AsyncDisposable {
  readonly path: string;
}

const run = (...command: readonly string[]) =>
  Bun.spawnSync([...command], { stdout: 'ignore', stderr: 'pipe' });

/** Whether a command succeeds; the reason when it does not. */
function refusalOf(...command: readonly string[]): string | undefined {
  try {
    const done = run(...command);
    return done.success ? undefined : done.stderr.toString().trim();
  } catch (error) {
    return String(error);
  }
}

async function mounted(path: string, ...mount: readonly string[]): Promise<Disk> {
  await mkdir(path, { recursive: true });
  const refusal = refusalOf(...mount, path);
  if (refusal !== undefined) throw new Error(refusal);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      run('umount', '--lazy', path);
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** A file system in memory of so many MiB, and for so many files and directories. */
export const memoryDisk = (path: string, mib: number, inodes = 100_000): Promise<Disk> =>
  mounted(path, 'mount', '-t', 'tmpfs', '-o', `size=${mib}m,nr_inodes=${inodes},mode=0700`, 'entrepot-test');

/** A real file system in a file beside `path`, which outlives the mount. */
export async function fileDisk(path: string, mib: number): Promise<Disk> {
  const image = `${path}.ext4`;
  const refusal =
    refusalOf('truncate', '-s', `${mib}M`, image) ?? refusalOf('/sbin/mkfs.ext4', '-q', '-F', image);
  if (refusal !== undefined) throw new Error(refusal);
  return remounted(path);
}

/** The same file system, after what was mounted of it was disposed of. */
export const remounted = (path: string): Promise<Disk> =>
  mounted(path, 'mount', '-o', 'loop', `${path}.ext4`);

/** Stops the file system from taking writes, as the kernel does when its disk fails. */
export function failWrites({ path }: Disk): void {
  const refusal = refusalOf('mount', '-o', 'remount,abort', path);
  if (refusal !== undefined) throw new Error(refusal);
}

/** Why this machine gives us no disk of our own; nothing when it does. */
export async function reasonAgainst(make: (path: string, mib: number) => Promise<Disk>, home: string) {
  try {
    await using _ = await make(join(home, 'trial'), 16);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
