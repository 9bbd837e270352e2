import { isRecord } from '../output/scalar.ts';

/** What follows `docker-credential-` in the name of our helper. */
export const HELPER = 'entrepot';

/** A docker configuration in which `hosts` take their credentials from us; everything else is as it was. */
export function withCredentialHelper(
  config: Readonly<Record<string, unknown>>,
  hosts: readonly string[],
): Readonly<Record<string, unknown>> {
  const before = isRecord(config['credHelpers']) ? config['credHelpers'] : {};
  const added = Object.fromEntries(hosts.map((host) => [host, HELPER]));
  return { ...config, credHelpers: { ...before, ...added } };
}
