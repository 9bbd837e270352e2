import { invalid } from '../core/error.ts';

/** Field paths of a mask, in one spelling of messages' fields; map keys stay as they were written. */
export type MaskPath = readonly string[];

const camel = (name: string): string =>
  name.replace(/_+([a-z0-9])/g, (_, next: string) => next.toUpperCase());

const MOST_PATHS = 200;

/**
 * Reads `updateMask`: comma-separated paths, dots between fields, back-ticks around map keys that hold either.
 * Nothing when there is no mask or it is `*`: then every mutable field is replaced.
 */
export function parseMask(text: string | undefined): readonly MaskPath[] | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const paths = text.split(/,(?=(?:[^`]*`[^`]*`)*[^`]*$)/).map((path) => path.trim());
  if (paths.includes('*')) return undefined;
  if (paths.length > MOST_PATHS) throw maskRefusal(`it has more than ${MOST_PATHS} paths`);
  return paths.filter((path) => path !== '').map(parsePath);
}

function parsePath(text: string): MaskPath {
  const parts = text.match(/`[^`]*`|[^.`]+/g) ?? [];
  if (parts.join('.') !== text) throw maskRefusal(`"${text.slice(0, 100)}" is not a field path`);
  return parts.map((part) => (part.startsWith('`') ? part.slice(1, -1) : part));
}

export const sameField = (path: string): string => camel(path);

export const maskRefusal = (why: string) =>
  invalid('UPDATE_MASK_INVALID', `Request contains an invalid argument: invalid update_mask: ${why}.`, {
    field: 'update_mask',
  });
