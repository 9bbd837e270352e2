import { RegistryError } from '../../core/error.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Seconds for which lists and tags of an upstream are good without asking (gar.md 5.5). */
export const HOUR = 3_600;

/** A JSON object that an upstream sent. DATA_LOSS for anything else. */
export function documentOf(body: Uint8Array<ArrayBuffer>): Fields {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw unusable('a list is not JSON', cause);
  }
  if (!isObject(value)) throw unusable('a list is not a JSON object');
  return value;
}

/** A list of texts; registries write `null` for an empty one. */
export const textsOf = (document: Fields, key: string): readonly string[] =>
  listOf(document, key).filter((entry) => typeof entry === 'string');

export const objectsOf = (document: Fields, key: string): readonly Fields[] =>
  listOf(document, key).filter(isObject);

function listOf(document: Fields, key: string): readonly unknown[] {
  const list = document[key];
  if (Array.isArray(list)) return list;
  if (list === null) return [];
  throw unusable(`a list has no ${key}`);
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unusable = (why: string, cause?: unknown): RegistryError =>
  new RegistryError('DATA_LOSS', 'INDEX_INVALID', why, { cause });
