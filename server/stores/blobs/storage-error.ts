import { RegistryError } from '../../core/error.ts';

const codeOf = (thrown: unknown): unknown =>
  thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;

export const isAbsent = (thrown: unknown): boolean => codeOf(thrown) === 'ENOENT';

const unavailable = (reason: string, message: string, cause: unknown, headers?: Record<string, string>) =>
  new RegistryError('UNAVAILABLE', reason, message, headers ? { cause, headers } : { cause });

export const storageFull = (cause?: unknown): RegistryError =>
  unavailable('STORAGE_FULL', 'not enough storage space', cause);

/** What the operating system said, in our words. Ours pass through. Never says that something does not exist. */
export function storageError(thrown: unknown): RegistryError {
  if (thrown instanceof RegistryError) return thrown;
  switch (codeOf(thrown)) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return storageFull(thrown);
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return unavailable('STORAGE_READ_ONLY', 'the storage does not take writes', thrown);
    case 'EMFILE':
    case 'ENFILE':
      return unavailable('STORAGE_BUSY', 'too many files are open', thrown, { 'retry-after': '1' });
    default:
      return unavailable('STORAGE_FAILED', 'the storage failed', thrown, { 'retry-after': '10' });
  }
}

/** Runs `work` and says in our words why it failed. */
export async function storing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(error);
  }
}
