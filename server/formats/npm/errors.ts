import type { RegistryError } from '../../core/error.ts';

/** The one field that every client shows. */
export const npmError = ({ message, reason }: Pick<RegistryError, 'reason' | 'message'>) => ({
  contentType: 'application/json',
  body: JSON.stringify({ error: message, reason }),
});
