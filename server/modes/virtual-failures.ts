import { RegistryError } from '../core/error.ts';
import { UPSTREAM_FAILURES } from '../core/upstream.ts';

/** A failure that says which member it is of: the innermost, where virtual repositories are in one another. */
export function failureOf(member: string, thrown: unknown): unknown {
  if (!(thrown instanceof RegistryError) || thrown.details['member'] !== undefined) return thrown;
  const { code, reason, message, headers } = thrown;
  const details = { ...thrown.details, member };
  const words = isOutage(thrown) ? `${member}, a member of this repository, failed: ${message}` : message;
  return new RegistryError(code, reason, words, { details, headers, cause: thrown });
}

/** Whether it is a member that cannot answer, and not one that refuses to. */
export const isOutage = (thrown: unknown): thrown is RegistryError =>
  thrown instanceof RegistryError && (thrown.status >= 500 || UPSTREAM_FAILURES.has(thrown.reason));
