import { RegistryError } from '../../core/error.ts';
import { isCanonical } from './versions.ts';

/** What is told of a version (go.dev/ref/mod#goproxy-protocol). */
export interface Info {
  readonly version: string;
  /** As it is written: RFC 3339. */
  readonly time?: string;
  /** Where it came from, as its server tells it. */
  readonly origin?: Readonly<Record<string, unknown>>;
}

/** Bytes of an answer that are read. */
export const LARGEST_INFO = 1024 * 1024;

export const renderInfo = ({ version, time, origin }: Info): string =>
  JSON.stringify({
    Version: version,
    ...(time !== undefined && { Time: time }),
    ...(origin && { Origin: origin }),
  });

/** DATA_LOSS for what is none, such as a page for people. */
export function parseInfo(bytes: Uint8Array): Info {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw broken('it is not JSON');
  }
  if (!isObject(value)) throw broken('it is not an object');
  const { Version: version, Time: time, Origin: origin } = value;
  if (typeof version !== 'string' || !isCanonical(version)) throw broken('it has no canonical Version');
  if (time !== undefined && (typeof time !== 'string' || Number.isNaN(Date.parse(time))))
    throw broken('its Time is none');
  return { version, ...(time !== undefined && { time }), ...(isObject(origin) && { origin }) };
}

/** Milliseconds since the epoch. */
export const timeOf = ({ time }: Info): number | undefined =>
  time === undefined ? undefined : Date.parse(time);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const broken = (why: string): RegistryError =>
  new RegistryError(
    'DATA_LOSS',
    'INFO_INVALID',
    `what the upstream says of a version cannot be read: ${why}`,
  );
