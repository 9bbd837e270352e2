import { defineCommand, one } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { versionName } from '../../resolve.ts';
import { annotationChange, annotationFlags } from '../annotations.ts';

export const updateVersion = defineCommand({
  path: 'artifacts versions update',
  summary: 'Replace the annotations of a version.',
  positionals: { version: one('Id or full name of the version; for an image, its digest.') },
  flags: {
    package: text('PACKAGE', 'Package of the version, unless VERSION is a full name.'),
    ...annotationFlags,
  },
  format: 'none',
  async run(args, cli) {
    const change = annotationChange(args);
    const client = await cli.client();
    const updated = await client.versions.patch(
      await versionName(cli, args.version, args.package),
      ...change,
    );
    await cli.terminal.notice(`Updated version [${args.version}].`);
    return updated;
  },
});
