import { invalid, isNotFound, RegistryError } from '../core/error.ts';
import { type RepositoryRow, repositoryName } from '../core/repository.ts';

/** Refuses a time of which nothing is known: one to come, one before the repository, one that its history does not reach. */
export function requirePast(
  asOf: number,
  row: RepositoryRow,
  { now, kept }: { readonly now: number; readonly kept: number },
): void {
  const at = new Date(asOf).toISOString();
  if (asOf > now)
    throw invalid('AS_OF_INVALID', `${at} is still to come; it is ${new Date(now).toISOString()} here`);
  if (asOf < row.createdAt)
    throw new RegistryError(
      'NOT_FOUND',
      'NAME_UNKNOWN',
      `repository ${repositoryName(row)} did not exist at ${at}; it was created at ${new Date(row.createdAt).toISOString()}`,
    );
  if (asOf < now - kept)
    throw new RegistryError(
      'FAILED_PRECONDITION',
      'HISTORY_GONE',
      `what was at ${at} is not known any more: history is kept since ${new Date(now - kept).toISOString()}`,
    );
}

export const pastIsReadOnly = (asOf: number, name: string): RegistryError =>
  new RegistryError(
    'FAILED_PRECONDITION',
    'READ_ONLY',
    `this is ${name} as of ${new Date(asOf).toISOString()}, which takes no changes; leave the time out of the address`,
  );

/** Says with what is absent then why it may be, though somebody knows that it was there. */
export function absentThen(thrown: unknown, asOf: number): unknown {
  if (!(thrown instanceof RegistryError) || !isNotFound(thrown)) return thrown;
  const { code, reason, message, details, headers } = thrown;
  const at = new Date(asOf).toISOString();
  return new RegistryError(
    code,
    reason,
    `${message} as of ${at}: it came later, or was deleted and has been purged from the trash`,
    { ...(details && { details }), headers, cause: thrown },
  );
}
