import { choice, count, text, toggle, type Flag } from './flags.ts';

const VERBOSITIES = ['debug', 'info', 'warning', 'error', 'critical', 'none'] as const;

/** Flags of every command, accepted anywhere on the line. */
export const GLOBAL_FLAGS = {
  project: text('PROJECT', 'Project to work in.', { fallback: 'config property core/project' }),
  location: text('LOCATION', 'Location of the repository.', {
    fallback: 'config property artifacts/location',
  }),
  repository: text('REPOSITORY', 'Repository to work in.', {
    fallback: 'config property artifacts/repository',
  }),
  server: text('URL', 'Server to talk to.', {
    fallback: 'ENTREPOT_SERVER, config property core/server, else http://localhost:8080',
  }),
  accessTokenFile: text('FILE', 'File that holds the access token to use.'),
  impersonateServiceAccount: text(
    'SERVICE_ACCOUNT_EMAIL',
    'Act as this service account, for which you need roles/iam.serviceAccountTokenCreator on it.',
  ),
  format: text('FORMAT', 'How the answer is printed; see `entrepot help formats`.'),
  quiet: toggle('Ask nothing and report no progress.', { short: 'q' }),
  verbosity: choice(VERBOSITIES, 'How much is reported on standard error; debug shows each request.', {
    fallback: 'info',
  }),
  help: toggle('Show help.', { short: 'h' }),
  account: text('ACCOUNT', 'Accepted and ignored: the stored login of the server decides.', { hidden: true }),
} as const;

/** Flags of every command that lists. */
export const LIST_FLAGS = {
  filter: text('EXPRESSION', 'Show only what matches; see `entrepot help filters`.'),
  limit: count('N', 'Show at most this many rows.', { fallback: 'unlimited' }),
  pageSize: count('N', 'Rows to fetch from the server at a time.'),
  sortBy: text('FIELD,...', 'Fields to sort by, `~` in front for descending order.'),
  uri: toggle('Print the full resource name of each row and nothing else.'),
} as const;

type ValuesOf<F> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };
export type Globals = ValuesOf<typeof GLOBAL_FLAGS> & ValuesOf<typeof LIST_FLAGS>;

/** The globals of a line without flags. */
export const NO_FLAGS = Object.fromEntries(
  Object.entries({ ...GLOBAL_FLAGS, ...LIST_FLAGS }).map(([key, flag]) => [key, flag.read([])]),
) as Globals;
