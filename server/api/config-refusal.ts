import { invalid, type RegistryError } from '../core/error.ts';

/** A configuration of a repository's mode that cannot be; `field` is a path below the repository. */
export const wrongConfig = (field: string, why: string): RegistryError =>
  invalid('CONFIG_INVALID', `Request contains an invalid argument: ${why}.`, {
    field: `repository.${field}`,
  });
