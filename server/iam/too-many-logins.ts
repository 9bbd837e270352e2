import { RegistryError } from '../core/error.ts';

/** RESOURCE_EXHAUSTED, with the seconds to wait. */
export const tooManyLogins = (why: string, seconds: number): RegistryError =>
  new RegistryError('RESOURCE_EXHAUSTED', 'TOOMANYREQUESTS', why, {
    headers: { 'retry-after': String(seconds) },
  });
