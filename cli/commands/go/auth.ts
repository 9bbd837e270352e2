import type { Cli } from '../../context.ts';
import { CliError } from '../../exit.ts';
import { any, defineCommand } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { repositoryAddress } from '../print-settings/repository-address.ts';
import { keyFileIn, textOf } from '../../settings/key-file.ts';
import { accessToken } from '../../settings/token.ts';

export const goAuth = defineCommand({
  path: 'artifacts go auth',
  summary: 'Print credentials in the form that the go command takes them from GOAUTH.',
  description:
    'For GOAUTH, since Go 1.24: the go command runs what is there, and shows repositories of the server the credentials that it ' +
    'prints. They are those of the login of the server, or of a key file. The go command shows credentials to https addresses only.',
  examples: [
    { says: 'So that the go command logs in as you:', line: 'entrepot artifacts go auth' },
    { says: 'As a service account, for a program:', line: 'entrepot artifacts go auth --json-key=key.json' },
  ],
  // The go command may say for which address it asks; one server has one login.
  positionals: { urls: any('What the go command asks for; it says nothing here.') },
  flags: {
    jsonKey: text('FILE', 'Key file of a service account to log in with.'),
  },
  format: 'text',
  async run({ jsonKey }, cli) {
    const server = await cli.server();
    const credentials = jsonKey === undefined ? await ofLogin(cli, server) : await ofKey(jsonKey);
    // Where repositories have hosts of their own, it is the repository's that is asked for credentials.
    const { repository } = cli.globals;
    const hosts = new Set(
      [server, ...(repository === undefined ? [] : [(await repositoryAddress(cli, 'GO')).url])].map(originOf),
    );
    // Two empty lines: one in front of the headers, and one behind them.
    return `${[...hosts].join('\n')}\n\nAuthorization: ${credentials}\n\n`;
  },
});

const originOf = (url: string): string => new URL(url).origin;

async function ofLogin(cli: Cli, server: string): Promise<string> {
  const token = await accessToken(cli, server);
  if (token !== undefined) return `Bearer ${token}`;
  throw new CliError('denied', `there is no login for ${server}; run "entrepot auth login"`);
}

async function ofKey(path: string): Promise<string> {
  const content = await textOf(path);
  keyFileIn(content, path);
  const password = Buffer.from(content).toString('base64');
  return `Basic ${Buffer.from(`_json_key_base64:${password}`).toString('base64')}`;
}
