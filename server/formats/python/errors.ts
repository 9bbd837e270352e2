import type { RegistryError } from '../../core/error.ts';

/** Twine and Poetry show the body, uv its `code`, and only of this very content type. */
export const pythonError = ({ message, reason }: Pick<RegistryError, 'reason' | 'message'>) => ({
  contentType: 'application/json',
  body: JSON.stringify({ message, code: message, reason }),
});
