import { setImmediate } from 'node:timers/promises';
import { components } from '../../contract/components.ts';
import { exportLogQuery } from '../../contract/schemas/logging.ts';
import { noQuery } from '../../contract/schemas/requests.ts';
import type { AuditLog, LogEntry, LogPosition, LogQuery, LogScope } from '../core/audit-log.ts';
import { invalid } from '../core/error.ts';
import type { Principal, ResourceName } from '../core/iam.ts';
import { INSTALLATION } from '../core/installation.ts';
import { ofLogging } from './audit-names.ts';
import { parseLogFilter } from './log-filter.ts';
import { onInstallation, onProject, PROJECT } from './places.ts';
import { denied } from './refusals.ts';
import { type ApiCall, type ApiParts, type ApiRoute, defineRoute, json } from './route.ts';

const MOST_NAMES = 100;
const USUAL_PAGE = 50;
const LARGEST_PAGE = 1000;
/** Entries that an export holds at a time. */
const EXPORTED = 500;

export const loggingRoutes: readonly ApiRoute[] = [
  defineRoute({
    id: 'entries.list',
    method: 'POST',
    path: '/v2/entries:list',
    permission: 'logging.logEntries.list',
    audit: ofLogging('ListLogEntries'),
    on: onInstallation,
    filtered: true,
    summary: 'Lists entries of the audit log.',
    query: noQuery,
    body: components.ListLogEntriesRequest,
    response: components.ListLogEntriesResponse,
    run: async ({ parts, principal, body }) => {
      const { resourceNames = [], filter = '', orderBy = '', pageSize = 0, pageToken = '' } = body;
      const scopes = await scopesOf(parts, principal, resourceNames.map(placeOf));
      const boundTo = ['entries', who(principal), resourceNames, filter, orderBy];
      const after = pageToken === '' ? undefined : positionIn(parts.pages.open(pageToken, boundTo));
      if (pageToken !== '' && !after)
        throw refusal('PAGE_TOKEN_INVALID', 'page token is invalid', 'page_token');
      const page = await parts.auditLog.page({
        ...asked(scopes, filter),
        order: orderOf(orderBy),
        limit: pageSizeOf(pageSize),
        ...(after && { after }),
      });
      return json({
        ...(page.entries.length > 0 && { entries: page.entries }),
        ...(page.next && { nextPageToken: parts.pages.seal([page.next.at, page.next.seq], boundTo) }),
      });
    },
  }),

  defineRoute({
    id: 'auditLogs.export',
    method: 'GET',
    path: `${PROJECT}/auditLogs:export`,
    permission: 'logging.logEntries.list',
    audit: ofLogging('TailLogEntries'),
    on: onProject,
    summary: 'Sends the entries of a project’s audit log, oldest first, one JSON value to a line.',
    query: exportLogQuery,
    response: 'lines',
    run: (call) => exported(call, onProject(call.params)),
  }),

  defineRoute({
    id: 'organizations.auditLogs.export',
    method: 'GET',
    path: `/v1/${INSTALLATION}/auditLogs:export`,
    permission: 'logging.logEntries.list',
    audit: ofLogging('TailLogEntries'),
    on: onInstallation,
    summary:
      'Sends the entries of the installation and all its projects, oldest first, one JSON value to a line.',
    query: exportLogQuery,
    response: 'lines',
    run: (call) => exported(call, '/'),
  }),
];

interface ExportQuery {
  readonly filter?: string;
  readonly afterTime?: string;
  readonly afterId?: string;
}

async function exported({ parts, principal, query }: ApiCall<ExportQuery, undefined>, on: ResourceName) {
  const { filter = '', afterTime, afterId = '' } = query;
  const question = asked(await scopesOf(parts, principal, [on]), filter);
  const at = afterTime === undefined ? undefined : Date.parse(afterTime);
  if (at !== undefined && Number.isNaN(at))
    throw refusal('TIME_INVALID', 'after_time is not a time', 'after_time');
  if (at === undefined && afterId !== '')
    throw refusal('TIME_INVALID', 'after_id needs after_time beside it', 'after_time');
  const after = at === undefined ? undefined : await parts.auditLog.after(afterId, at);
  return { kind: 'lines', lines: allEntries(parts.auditLog, question, after) } as const;
}

/** Every entry, oldest first; read as far as whoever asks for them has come. */
async function* allEntries(
  log: AuditLog,
  question: Pick<LogQuery, 'scopes' | 'filter'>,
  start: LogPosition | undefined,
): AsyncGenerator<LogEntry, void, undefined> {
  let after = start;
  do {
    const page = await log.page({ ...question, order: 'asc', limit: EXPORTED, ...(after && { after }) });
    yield* page.entries;
    after = page.next;
    // Others get their turn, however little a search finds.
    await setImmediate();
  } while (after);
}

function asked(scopes: readonly LogScope[], text: string): Pick<LogQuery, 'scopes' | 'filter'> {
  const filter = parseLogFilter(text);
  return { scopes, ...(filter && { filter }) };
}

/** What a caller may see: a refusal for a place they may not read at all, and silence about what is private there. */
async function scopesOf(
  { authorizer }: Pick<ApiParts, 'authorizer'>,
  principal: Principal,
  places: readonly ResourceName[],
): Promise<readonly LogScope[]> {
  if (places.length === 0 || places.length > MOST_NAMES)
    throw refusal('RESOURCE_NAMES', `resource_names takes 1 to ${MOST_NAMES} names`, 'resource_names');
  const scopes: LogScope[] = [];
  for (const on of places) {
    const decision = await authorizer.check(principal, 'logging.logEntries.list', on);
    if (!decision.allow) throw denied(principal, 'logging.logEntries.list', on);
    const { allow } = await authorizer.check(principal, 'logging.privateLogEntries.list', on);
    scopes.push({
      ...(on !== '/' && { project: on.slice('projects/'.length) }),
      logs: allow ? ['activity', 'data_access'] : ['activity'],
    });
  }
  return scopes;
}

function placeOf(name: string): ResourceName {
  if (name === INSTALLATION) return '/';
  const [, project] = /^projects\/([a-z0-9][a-z0-9.:-]{0,253})$/.exec(name) ?? [];
  if (project !== undefined) return `projects/${project}`;
  throw refusal(
    'RESOURCE_NAMES',
    `"${name.slice(0, 100)}" is neither projects/PROJECT nor ${INSTALLATION}`,
    'resource_names',
  );
}

const positionIn = (opened: unknown): LogPosition | undefined => {
  if (!Array.isArray(opened)) return undefined;
  const [at, seq] = opened as readonly unknown[];
  return typeof at === 'number' && typeof seq === 'number' ? { at, seq } : undefined;
};

function orderOf(text: string): 'asc' | 'desc' {
  const [, direction = 'asc'] = /^\s*(?:timestamp(?:\s+(asc|desc))?)?\s*$/i.exec(text) ?? refusedOrder(text);
  return direction.toLowerCase() === 'desc' ? 'desc' : 'asc';
}

function refusedOrder(text: string): never {
  throw refusal(
    'ORDER_BY_INVALID',
    `invalid order_by "${text.slice(0, 100)}"; order by timestamp asc or timestamp desc`,
    'order_by',
  );
}

function pageSizeOf(given: number): number {
  if (given < 0) throw refusal('PAGE_SIZE_INVALID', 'page_size must not be negative', 'page_size');
  return given === 0 ? USUAL_PAGE : Math.min(given, LARGEST_PAGE);
}

const who = (principal: Principal): string =>
  principal.kind === 'anonymous' ? '' : `${principal.kind}:${principal.id}`;

const refusal = (reason: string, why: string, field: string) =>
  invalid(reason, `Request contains an invalid argument: ${why}.`, { field });
