import { defineCommand, one } from '../../grammar/command.ts';
import { fileName } from '../../resolve.ts';
import { annotationChange, annotationFlags } from '../annotations.ts';

export const updateFile = defineCommand({
  path: 'artifacts files update',
  summary: 'Replace the annotations of a file.',
  positionals: { file: one('Id or full name of the file. Slashes may be written as they are or as %2F.') },
  flags: annotationFlags,
  format: 'none',
  async run(args, cli) {
    const change = annotationChange(args);
    const client = await cli.client();
    const updated = await client.files.patch(await fileName(cli, args.file), ...change);
    await cli.terminal.notice(`Updated file [${args.file}].`);
    return updated;
  },
});
