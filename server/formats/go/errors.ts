import type { RegistryError } from '../../core/error.ts';

/** The go command shows text, line by line, and nothing of any other type. */
export const goError = ({ message }: Pick<RegistryError, 'message'>) => ({
  contentType: 'text/plain; charset=utf-8',
  body: `${message}\n`,
});
