import { defineCommand } from '../../grammar/command.ts';
import { CliError } from '../../exit.ts';
import { accessToken } from '../../settings/token.ts';

export const printAccessToken = defineCommand({
  path: 'auth print-access-token',
  summary: 'Print the access token that commands use for the server.',
  examples: [
    {
      says: 'Log a container tool in:',
      line: 'entrepot auth print-access-token | docker login -u oauth2accesstoken --password-stdin localhost:8080',
    },
  ],
  format: 'text',
  async run(_, cli) {
    const server = await cli.server();
    const token = await accessToken(cli, server);
    if (token !== undefined) return token;
    throw new CliError('denied', `there is no login for ${server}; run "entrepot auth login"`);
  },
});
