import { RegistryError } from '../../core/error.ts';

/** What the upstream sends is not what it should be. */
export const upstreamBroken = (message: string, cause?: unknown): RegistryError =>
  new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', message, { cause });
