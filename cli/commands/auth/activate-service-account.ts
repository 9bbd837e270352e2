import { CliError, usage } from '../../exit.ts';
import { defineCommand, maybe } from '../../grammar/command.ts';
import { required, text } from '../../grammar/flags.ts';
import { keyFileIn, textOf, tokenForKey } from '../../settings/key-file.ts';

export const activateServiceAccount = defineCommand({
  path: 'auth activate-service-account',
  summary: 'Log in to the server as a service account.',
  description:
    'Stores the key for this server in a file that only you can read. Access tokens are got with it as they are ' +
    'needed, for as long as the key is there.',
  examples: [
    { says: 'Log in with a key file:', line: 'entrepot auth activate-service-account --key-file=key.json' },
  ],
  positionals: { account: maybe('E-mail of the service account. Default: that of the key file.') },
  flags: {
    keyFile: required(text('FILE', 'Key file, as "entrepot iam service-accounts keys create" writes it.')),
  },
  format: 'none',
  async run({ account, keyFile }, cli) {
    const { email, id, privateKey, origin } = keyFileIn(await textOf(keyFile), keyFile);
    if (account !== undefined && account !== email)
      throw usage(`${keyFile} is a key of ${email}, not of ${account}`);
    const server = await cli.server();
    const login = await tokenForKey(cli.io, server, email, { id, privateKey });
    if (!login)
      throw new CliError(
        'denied',
        `${server} does not take this key; it was made at ${origin}, which --server=${origin} names; ` +
          'there it may have been deleted or disabled',
      );
    await cli.logins.put(server, login);
    await cli.terminal.notice(`Activated service account credentials for: [${email}]`);
    return { server, account: email, expires: new Date(login.expiresAt).toISOString() };
  },
});
