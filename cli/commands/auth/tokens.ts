import { userName } from '../../../contract/identities.ts';
import { names } from '../../../contract/names.ts';
import type { Token } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';
import { usage } from '../../exit.ts';
import { type Command, defineCommand, one } from '../../grammar/command.ts';
import { list, text } from '../../grammar/flags.ts';
import { repositoryName } from '../../resolve.ts';
import { bySize } from '../paging.ts';

const ACTIONS = ['read', 'write', 'delete', 'admin'] as const;
const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const ownerFlag = { user: text('USER', 'Whose tokens.', { fallback: 'you' }) };

const createToken = defineCommand({
  path: 'auth tokens create',
  summary: 'Make a personal access token, for programs that act for you.',
  description:
    'Prints the token, which is shown this once. It does no more than you may do, and by default only reads. It is ' +
    'good as a Bearer token, as an npm _authToken, and as the password of docker login with the user name ' +
    'oauth2accesstoken.',
  examples: [
    {
      says: 'A token for a build that pushes to one repository, good for 30 days:',
      line:
        'entrepot auth tokens create build --actions=write --repositories=images --location=us-central1 ' +
        '--expires-in=30d',
    },
  ],
  positionals: { name: one('What the token is for.') },
  flags: {
    actions: list(
      'ACTION',
      `What it may be used for: ${ACTIONS.join(', ')}; each includes those before it.`,
      {
        fallback: 'read',
      },
    ),
    repositories: list('REPOSITORY', 'Repositories, or projects by full name, that it is good for.', {
      fallback: 'all',
    }),
    expiresIn: text('DURATION', 'How long it is good, such as 12h or 30d.', { fallback: '90d' }),
  },
  format: 'value(token)',
  async run({ name, actions = ['read'], repositories = [], expiresIn }, cli) {
    const wanted: Token = {
      displayName: name,
      scope: {
        actions: actions.map(actionOf),
        ...(repositories.length > 0 && {
          repositories: await Promise.all(repositories.map((written) => resourceName(cli, written))),
        }),
      },
      ...(expiresIn !== undefined && { ttl: secondsOf(expiresIn) }),
    };
    const client = await cli.client();
    const made = await client.tokens.create(wanted);
    await cli.terminal.notice(
      `Created token [${idOf(made)}], good until ${made.expireTime ?? 'it is revoked'}. It is not shown again.`,
    );
    return made;
  },
});

const listTokens = defineCommand({
  path: 'auth tokens list',
  summary: 'List the tokens that are good, those of logins too.',
  flags: ownerFlag,
  lists: true,
  format:
    'table(name.basename():label=ID, displayName:label=NAME, kind, scope.actions.list():label=ACTIONS, ' +
    'scope.repositories.list():label=REPOSITORIES, expireTime.date():label=EXPIRES, lastUseTime.date():label=LAST_USED)',
  async run({ user }, cli) {
    const client = await cli.client();
    return client.tokens.list(user === undefined ? 'users/me' : userName(user), bySize(cli));
  },
});

const revokeTokenCommand = defineCommand({
  path: 'auth tokens revoke',
  summary: 'Revoke a token by its id, and with one of a login the whole login.',
  positionals: { token: one('Id of the token, or its full name, as the list shows it.') },
  flags: ownerFlag,
  format: 'none',
  async run({ token, user }, cli) {
    const owner = user === undefined ? 'users/me' : userName(user);
    const client = await cli.client();
    await client.tokens.delete(token.startsWith('users/') ? token : `${owner}/tokens/${token}`);
    await cli.terminal.notice(`Revoked token [${token}].`);
    return undefined;
  },
});

export const tokenCommands: readonly Command[] = [createToken, listTokens, revokeTokenCommand];

type Action = NonNullable<NonNullable<Token['scope']>['actions']>[number];

function actionOf(written: string): Action {
  if (ACTIONS.some((known) => known === written.toLowerCase())) return written.toUpperCase() as Action;
  throw usage(`[${written}] is not one of ${ACTIONS.join(', ')}`);
}

const resourceName = async (cli: Cli, written: string): Promise<string> =>
  names.project.parse(written) ? written : repositoryName(cli, written);

function secondsOf(written: string): string {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(written) ?? [];
  if (unit === '') throw usage(`[${written}] is not a duration such as 30m, 12h or 30d`);
  return `${Number(count) * UNITS[unit as keyof typeof UNITS]}s`;
}

const idOf = ({ name = '' }: Token): string => name.slice(name.lastIndexOf('/') + 1);
