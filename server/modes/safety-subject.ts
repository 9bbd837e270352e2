import type { FileRef } from '../core/catalog.ts';
import type { FormatUpstream, ListedFileOrPath } from '../core/format.ts';
import type { SafetySubject } from '../core/remote-settings.ts';

/** What the rules are asked about a file, of which `located` is known once an index named it. */
export function subjectOf(
  { versionsAreDigests = false }: Pick<FormatUpstream, 'versionsAreDigests'>,
  { coordinates, tag }: FileRef,
  located?: ListedFileOrPath,
): SafetySubject {
  const version = versionsAreDigests ? undefined : (located?.version ?? coordinates?.version);
  return {
    package: coordinates?.package ?? '',
    ...(version !== undefined && { version }),
    ...(tag !== undefined && { tag }),
  };
}
