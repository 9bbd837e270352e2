import { defineCommand } from '../../grammar/command.ts';
import { forget, forgetFlags } from './forget.ts';

export const logout = defineCommand({
  path: 'auth logout',
  summary: 'Log out of the server.',
  description:
    'Ends the login at the server, with everything that was got with it, and removes it from this machine. Personal ' +
    'tokens stay.',
  flags: forgetFlags,
  format: 'none',
  run: ({ all }, cli) => forget(cli, all),
});
