import { defineCommand } from '../../grammar/command.ts';
import { renewsItself } from '../../settings/renewal.ts';

export const listLogins = defineCommand({
  path: 'auth list',
  summary: 'List the servers you are logged in to.',
  lists: true,
  format: 'table(active.yesno(yes="*", no=""):label=ACTIVE, server, account, expires.date())',
  async run(_, cli) {
    const active = await cli.server();
    return [...(await cli.logins.all())].map(([server, login]) => ({
      active: server === active,
      server,
      account: login.account,
      expires: new Date(login.expiresAt).toISOString(),
      status: renewsItself(login) || login.expiresAt > cli.io.now() ? 'ACTIVE' : 'EXPIRED',
    }));
  },
});
