import { defineCommand } from '../../grammar/command.ts';

export const whoami = defineCommand({
  path: 'auth whoami',
  summary: 'Show who the server takes you for, and what your credential may do.',
  examples: [
    { says: 'The member to name in policies:', line: "entrepot auth whoami --format='value(member)'" },
  ],
  format: 'yaml',
  async run(_, cli) {
    const client = await cli.client();
    return client.users.me();
  },
});
