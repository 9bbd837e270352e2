import type { RegistryError } from '../../core/error.ts';

/**
 * The one field that every client shows. There is no WWW-Authenticate beside it: npm would show words of its own instead,
 * about a password that nobody typed.
 */
export const npmError = ({ code, message, reason }: Pick<RegistryError, 'code' | 'reason' | 'message'>) => ({
  contentType: 'application/json',
  body: JSON.stringify({ error: code === 'UNAUTHENTICATED' ? withAdvice(message) : message, reason }),
});

const withAdvice = (message: string): string =>
  /log in|logged in/.test(message) ? message : `${message}; log in first (npm login)`;
