import { defineCommand } from '../../grammar/command.ts';
import { forget, forgetFlags } from './forget.ts';

export const logout = defineCommand({
  path: 'auth logout',
  summary: 'Forget the stored login of the server.',
  description: 'The access token is removed from this machine. It stays valid until it expires.',
  flags: forgetFlags,
  format: 'none',
  run: ({ all }, cli) => forget(cli, all),
});
