import { defineCommand } from '../../grammar/command.ts';

export const listLogins = defineCommand({
  path: 'auth list',
  summary: 'List the servers you are logged in to.',
  lists: true,
  format: 'table(active.yesno(yes="*", no=""):label=ACTIVE, server, account, expires.date())',
  async run(_, cli) {
    const active = await cli.server();
    return [...(await cli.logins.all())].map(([server, { account, expiresAt, refreshToken }]) => ({
      active: server === active,
      server,
      account,
      expires: new Date(expiresAt).toISOString(),
      status: refreshToken !== undefined || expiresAt > cli.io.now() ? 'ACTIVE' : 'EXPIRED',
    }));
  },
});
