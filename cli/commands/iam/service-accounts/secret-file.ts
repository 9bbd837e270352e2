import { open, rm } from 'node:fs/promises';
import { CliError } from '../../../exit.ts';

/** A file that is about to hold a secret. Left without having been written, it is gone again. */
export interface SecretFile extends AsyncDisposable {
  write(content: string): Promise<void>;
}

/** Makes a file for its owner alone, which nobody had before: an old file is never written over. */
export async function secretFile(path: string): Promise<SecretFile> {
  const handle = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new CliError(
      exists ? 'conflict' : 'usage',
      exists ? `${path} exists; remove it, or name another file` : `cannot write ${path}`,
      cause,
    );
  });
  let written = false;
  return {
    write: async (content) => {
      await handle.writeFile(content);
      await handle.sync();
      written = true;
    },
    [Symbol.asyncDispose]: async () => {
      await handle.close();
      if (!written) await rm(path, { force: true });
    },
  };
}
