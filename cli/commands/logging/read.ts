import { defineCommand, maybe } from '../../grammar/command.ts';
import { choice, text } from '../../grammar/flags.ts';
import { fresh } from './freshness.ts';
import { logPlace, organizationFlag } from './log-place.ts';

const LARGEST_PAGE = 1000;

export const readLog = defineCommand({
  path: 'logging read',
  summary: 'Read entries of the audit log, the newest first.',
  description: `A filter compares fields and joins comparisons by AND, OR, NOT and parentheses:

  timestamp severity logName insertId log_id("cloudaudit.googleapis.com/activity")
  resource.labels.project_id resource.labels.service resource.labels.method
  protoPayload.serviceName protoPayload.methodName protoPayload.resourceName
  protoPayload.authenticationInfo.principalEmail
  protoPayload.authenticationInfo.principalSubject
  protoPayload.requestMetadata.callerIp protoPayload.status.code

= and != compare whole texts, ":" finds a part of one in any case, FIELD:* asks for
any text at all. OR binds tighter than AND, as in Cloud Logging.`,
  examples: [
    {
      says: 'Who deleted something this week:',
      line: `entrepot logging read 'protoPayload.methodName:Delete' --freshness=7d`,
    },
    {
      says: 'What was refused, anywhere on this server:',
      line: `entrepot logging read 'protoPayload.status.code=7' --organization=entrepot`,
    },
    {
      says: 'What one account did, as a table:',
      line: `entrepot logging read 'protoPayload.authenticationInfo.principalEmail=ann' --limit=20 --format='table(timestamp, protoPayload.methodName, protoPayload.resourceName)'`,
    },
  ],
  positionals: { logFilter: maybe('Which entries; all of them without one.') },
  flags: {
    organization: organizationFlag,
    freshness: text('AGE', 'How old entries may be, unless the filter has a timestamp.', { fallback: '1d' }),
    order: choice(['desc', 'asc'], 'Newest or oldest first; with asc entries may be of any age.', {
      fallback: 'desc',
    }),
  },
  lists: true,
  format: 'yaml',
  async run({ logFilter = '', organization, freshness = '1d', order = 'desc' }, cli) {
    const place = await logPlace(cli, organization);
    const filter = fresh(logFilter, { freshness, order, now: cli.io.now() });
    const client = await cli.client();
    const { limit = LARGEST_PAGE, pageSize = limit, filter: filtered } = cli.globals;
    return client.logEntries.list([place], {
      filter,
      order,
      pageSize: Math.min(filtered === undefined ? pageSize : LARGEST_PAGE, LARGEST_PAGE),
    });
  },
});
