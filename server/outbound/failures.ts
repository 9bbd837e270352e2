import { RegistryError } from '../core/error.ts';

/** Says no more than that: what the other side sent is for the log. */
export const broken = (url: URL, why: string, cause?: unknown): RegistryError =>
  new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', `${url.host} does not answer well: ${why}`, { cause });

export const slow = (url: URL): RegistryError =>
  new RegistryError('DEADLINE_EXCEEDED', 'UPSTREAM_SLOW', `${url.host} did not answer in time`);

export const busy = (url: URL): RegistryError =>
  new RegistryError(
    'UNAVAILABLE',
    'UPSTREAM_BUSY',
    `${url.host} is not asked: too many requests to it are under way, so try again later`,
  );

export const forbidden = (url: URL, why: string): RegistryError =>
  new RegistryError('FAILED_PRECONDITION', 'UPSTREAM_FORBIDDEN', `${url.host} is not asked: ${why}`);

/** The other side is not well, or the way to it; asking once more may help. */
export class TransientFailure extends RegistryError {
  constructor(url: URL, why: string, cause?: unknown) {
    super('UNAVAILABLE', 'UPSTREAM_BROKEN', `${url.host} does not answer well: ${why}`, { cause });
  }
}
