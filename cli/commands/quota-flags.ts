import type { Quota } from '../../contract/client.ts';
import { usage } from '../exit.ts';
import { text } from '../grammar/flags.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const NONE = 'unlimited';

export const QUOTA_FLAGS = {
  maxBytes: text(
    'SIZE',
    `How much may be stored in all, such as 500MiB or 20GiB; ${NONE} for no limit. What has several names counts once.`,
  ),
  maxVersions: text('COUNT', `How many versions there may be in all; ${NONE} for no limit.`),
};

interface Given {
  readonly maxBytes: string | undefined;
  readonly maxVersions: string | undefined;
}

/** What the flags say of a quota, and the fields that they name; nothing when they say nothing. */
export function quotaOf({ maxBytes, maxVersions }: Given) {
  const quota: Quota = {
    ...(maxBytes !== undefined && maxBytes !== NONE && { maxBytes: bytes(maxBytes) }),
    ...(maxVersions !== undefined && maxVersions !== NONE && { maxVersions: versions(maxVersions) }),
  };
  const paths = [
    ...(maxBytes === undefined ? [] : ['quota.maxBytes']),
    ...(maxVersions === undefined ? [] : ['quota.maxVersions']),
  ];
  return paths.length === 0 ? undefined : { quota, paths };
}

function bytes(size: string): string {
  const [, number = '', unit = 'B'] = /^(\d{1,15}(?:\.\d{1,3})?)([KMGTP]iB|B)?$/.exec(size) ?? [];
  const value = Math.round(Number(number) * 1024 ** UNITS.findIndex((known) => known === unit));
  if (number !== '' && value >= 1 && Number.isSafeInteger(value)) return String(value);
  throw usage(
    `--max-bytes: [${size}] is not a size; write bytes, or a number with ${UNITS.slice(1).join(', ')}, or ${NONE}`,
  );
}

function versions(count: string): string {
  if (/^[1-9]\d{0,14}$/.test(count)) return count;
  throw usage(`--max-versions: [${count}] is not a whole number of at least 1; write one, or ${NONE}`);
}
