import { defineCommand, one } from '../../grammar/command.ts';
import { packageName } from '../../resolve.ts';
import { annotationChange, annotationFlags } from '../annotations.ts';

export const updatePackage = defineCommand({
  path: 'artifacts packages update',
  summary: 'Replace the annotations of a package.',
  positionals: { package: one('Id or full name of the package.') },
  flags: annotationFlags,
  format: 'none',
  async run(args, cli) {
    const change = annotationChange(args);
    const client = await cli.client();
    const updated = await client.packages.patch(await packageName(cli, args.package), ...change);
    await cli.terminal.notice(`Updated package [${args.package}].`);
    return updated;
  },
});
