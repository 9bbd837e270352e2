import type { PatchOptions } from '../../contract/client.ts';
import { usage } from '../exit.ts';

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that the line names. */
export const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;

/** The change to send, and its mask. A usage error, which asks for the flags of `ask`, when there is nothing to change. */
export function givenChange<T extends object>(fields: T, ask: string) {
  const change = given(fields);
  return [change, masked(Object.keys(change), ask)] as const;
}

/** A mask of these paths; a usage error when there are none. */
export function masked(
  paths: readonly string[],
  ask = 'nothing to change was given; see --help for what can change',
): Required<Pick<PatchOptions, 'updateMask'>> {
  if (paths.length === 0) throw usage(ask);
  return { updateMask: paths };
}
