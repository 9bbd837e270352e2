import type { RegistryError } from '../../core/error.ts';

/** People read it in curl's output, and programs by `reason`. */
export const genericError = ({ message, reason }: Pick<RegistryError, 'reason' | 'message'>) => ({
  contentType: 'application/json',
  body: `${JSON.stringify({ message, reason })}\n`,
});
