import type { RegistryError } from '../../core/error.ts';

/** RFC 9457, which newer clients show; older ones show the status alone. */
export const mavenError = ({ message, reason }: Pick<RegistryError, 'reason' | 'message'>) => ({
  contentType: 'application/problem+json',
  body: JSON.stringify({ type: 'about:blank', title: message, detail: message, reason }),
});
