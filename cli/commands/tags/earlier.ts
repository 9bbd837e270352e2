import type { RollbackTagRequest } from '../../../contract/client.ts';
import { usage } from '../../exit.ts';

/** RFC 3339. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

/** What a tag goes back to: a version by its resource name, or a time; without either, what it named before. */
export function earlier(version: string | undefined, asOf: string | undefined): RollbackTagRequest {
  if (version !== undefined && asOf !== undefined) throw usage('--to and --as-of exclude each other');
  if (asOf !== undefined && !TIME.test(asOf))
    throw usage(`--as-of: [${asOf}] is not a time such as 2026-03-02T08:00:00Z`);
  return { ...(version !== undefined && { version }), ...(asOf !== undefined && { asOf }) };
}

/** Events of tags, the version by what it is called in its format. */
export const eventsTable = (version: string): string =>
  'table(eventTime.date():label=TIME, tag.basename():label=TAG, type:label=EVENT, ' +
  `version.firstof(previousVersion).basename():label=${version}, member:label=BY)`;
