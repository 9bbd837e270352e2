import type { CascadeMetadata, Client } from '../../../contract/client.ts';
import { lastId, names } from '../../../contract/names.ts';
import type { Cli } from '../../context.ts';
import { toggle } from '../../grammar/flags.ts';

export const cascade = toggle(
  'Delete also its parts that no tag and no other version needs, and what refers to what is deleted, such as signatures.',
);
export const permanently = toggle('Delete for good: nothing of it goes into the trash.');

export interface HowToDelete {
  readonly force: boolean;
  readonly cascade: boolean;
  readonly permanently: boolean;
}

/** Shows what would be deleted, and what of it would stay. The server says what it would refuse. */
export async function showCascade(
  cli: Cli,
  client: Client,
  version: string,
  how: HowToDelete,
): Promise<void> {
  const { metadata } = await client.versions.delete(version, { ...how, validateOnly: true });
  const { deleted = [], kept = [] } = (metadata ?? {}) as CascadeMetadata;
  const lines = ['To delete:', ...deleted.map(lineOf)];
  if (kept.length > 0) lines.push('', 'To stay:', ...kept.map(lineOf));
  await cli.terminal.notice(lines.join('\n'));
}

type Line = NonNullable<CascadeMetadata['deleted']>[number];

function lineOf({ version = '', reason = 'REQUESTED', because = '', tags = [] }: Line): string {
  const tagged = tags.length === 0 ? '' : ` (${tags.map(lastId).join(', ')})`;
  const why = WORDS[reason]?.(short(because));
  return `- ${names.version.parse(version)?.version ?? version}${tagged}${why === undefined ? '' : `: ${why}`}`;
}

const WORDS: Readonly<Record<string, (other: string) => string>> = {
  PART_OF: (other) => `part of ${other}`,
  REFERS_TO: (other) => `refers to ${other}`,
  TAGGED: () => 'it has a tag',
  IMMUTABLE_TAG: () => 'it has an immutable tag',
};

const short = (name: string): string =>
  (names.version.parse(name)?.version ?? name).replace(/^(sha256:[0-9a-f]{12}).*/, '$1');
