import type { CleanupDecision, CleanupSummary } from '../../../contract/client.ts';
import { names } from '../../../contract/names.ts';
import type { Row } from '../../grammar/command.ts';

/** How decisions look unless they are asked for otherwise. */
export const DECISIONS = `table(
  package,
  versionId.sub("^(sha256:[0-9a-f]{12}).*", "$1"):label=VERSION,
  tags.list(),
  age,
  pulled,
  action,
  policy,
  why:label=REASON
)`;

/** A decision with what a person looks for in it: package, version, age, and the reason in words. */
export function decisionRow(decision: CleanupDecision, now: number): Row {
  const { package: pkg = '', version: id = '' } = names.version.parse(decision.version ?? '') ?? {};
  return {
    ...decision,
    package: pkg,
    versionId: id,
    age: age(now - Date.parse(decision.createTime ?? '')),
    ...(decision.lastPullTime !== undefined && { pulled: age(now - Date.parse(decision.lastPullTime)) }),
    why: inWords(decision),
  };
}

const WORDS: Readonly<Record<string, string>> = {
  KEEP_POLICY: 'a policy keeps it',
  DELETE_POLICY: 'a policy deletes it',
  IMMUTABLE_TAG: 'an immutable tag keeps it',
  NO_POLICY: 'no policy deletes it',
  CHANGED: 'it changed while the cleanup ran',
};

function inWords({ reason = '', because = '' }: CleanupDecision): string {
  const other = (names.version.parse(because)?.version ?? because).replace(/^(sha256:[0-9a-f]{12}).*/, '$1');
  if (reason === 'PART_OF') return `part of ${other}`;
  if (reason === 'REFERS_TO') return `refers to ${other}`;
  return WORDS[reason] ?? reason;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const;

/** `40d`, `3h`; in the largest unit there is one of. */
export function age(milliseconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => milliseconds >= each) ?? ['s', 1000];
  return `${Math.max(0, Math.floor(milliseconds / length))}${unit}`;
}

/** `1000 versions: 20 to delete, 980 kept; about 1.5 MB would be freed.` */
export function totals(
  { versionCount = '0', deletedCount = '0', keptCount = '0', skippedCount, freedBytes = '0' }: CleanupSummary,
  isDone: boolean,
): string {
  const skipped = skippedCount === undefined ? '' : `, ${skippedCount} changed meanwhile and left`;
  const freed = `about ${(Number(freedBytes) / 1e6).toFixed(1)} MB ${isDone ? 'freed' : 'would be freed'}`;
  const versions = versionCount === '1' ? 'version' : 'versions';
  return `${versionCount} ${versions}: ${deletedCount} ${isDone ? 'deleted' : 'to delete'}, ${keptCount} kept${skipped}; ${freed}.`;
}
