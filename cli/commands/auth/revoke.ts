import { defineCommand } from '../../grammar/command.ts';
import { forget, forgetFlags } from './forget.ts';

export const revoke = defineCommand({
  path: 'auth revoke',
  summary: 'Log out of the server; the same as logout.',
  flags: forgetFlags,
  format: 'none',
  run: ({ all }, cli) => forget(cli, all),
});
