import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lastId } from '../../../contract/names.ts';
import { CliError, usage } from '../../exit.ts';
import { downloadFile } from '../../download/download-file.ts';
import { progressBar } from '../../download/progress-bar.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { count, required, text, toggle } from '../../grammar/flags.ts';
import { fileName } from '../../resolve.ts';

const MOST_AT_ONCE = 16;

export const downloadFileCommand = defineCommand({
  path: 'artifacts files download',
  summary: 'Download a file and check that it arrived whole.',
  examples: [
    {
      says: 'A layer of an image:',
      line: 'entrepot artifacts files download sha256:4f53... --destination=. --repository=images',
    },
  ],
  positionals: { file: one('Id or full name of the file. Slashes may be written as they are or as %2F.') },
  flags: {
    destination: required(text('DIRECTORY', 'Directory to download into.')),
    localFilename: text('NAME', 'Name of the file there.', { fallback: 'last part of the id' }),
    allowOverwrite: toggle('Replace a file that is there.'),
    parallelism: count('N', `Parts to download at once, at most ${MOST_AT_ONCE}.`, { fallback: '4' }),
  },
  format: 'none',
  async run(args, cli) {
    const parallelism = args.parallelism ?? 4;
    if (parallelism > MOST_AT_ONCE) throw usage(`--parallelism: at most ${MOST_AT_ONCE}`);
    const directory = await stat(args.destination).catch(() => undefined);
    if (!directory?.isDirectory()) throw usage(`--destination: ${args.destination} is not a directory`);
    const name = await fileName(cli, args.file);
    const path = join(args.destination, args.localFilename ?? localName(name));
    if (!args.allowOverwrite && (await stat(path).catch(() => undefined)))
      throw new CliError('conflict', `${path} is there already; give --allow-overwrite or --local-filename`);
    const client = await cli.client();
    const file = await client.files.get(name);
    const bar = cli.terminal.showsProgress
      ? progressBar(cli.io, args.localFilename ?? localName(name))
      : undefined;
    const report = (bytes: number, total: number): void => bar?.show(bytes, total);
    const signal = cli.io.interrupt();
    const size = await downloadFile({ client, file, path, parallelism, report, signal }).finally(() =>
      bar?.end(),
    );
    await cli.terminal.notice(`Downloaded ${path}, ${size} bytes, checksum verified.`);
    return { path, sizeBytes: String(size) };
  },
});

/** The last part of an id, which may hold slashes (`dir/file`) or colons (`package:version:file`). */
function localName(name: string): string {
  const last = lastId(name).split(/[/:]/).at(-1) ?? '';
  if (last !== '' && last !== '.' && last !== '..') return last;
  throw usage('the id of this file is no file name; give --local-filename');
}
