import { stat } from 'node:fs/promises';
import { names } from '../../../contract/names.ts';
import { progressBar } from '../../download/progress-bar.ts';
import { usage } from '../../exit.ts';
import { defineCommand } from '../../grammar/command.ts';
import { count, required, text, toggle } from '../../grammar/flags.ts';
import { repositoryParts } from '../../resolve.ts';
import { atOnce } from '../../upload/at-once.ts';
import { type Outcome, sendFile, sendingOf } from '../../upload/send-file.ts';
import { fileIdOf, type LocalFile, sourcesOf } from './generic-files.ts';

const MOST_AT_ONCE = 16;

export const uploadGeneric = defineCommand({
  path: 'artifacts generic upload',
  summary: 'Upload a file, or a directory of files, to a version of a package.',
  description:
    'A file of a version stays what it is. What is there already with the same bytes is left as it is, so a command that was ' +
    'interrupted goes on when it is run again, also in the middle of a file.',
  examples: [
    {
      says: 'One file:',
      line: 'entrepot artifacts generic upload --repository=files --package=tool --version=1.0 --source=tool.tar.gz',
    },
    {
      says: 'All that is in a directory, below docs:',
      line:
        'entrepot artifacts generic upload --repository=files --package=tool --version=1.0 --source-directory=site ' +
        '--destination-path=docs',
    },
  ],
  flags: {
    package: required(text('PACKAGE', 'Package that the files are of; it comes with its first file.')),
    version: required(text('VERSION', 'Version that the files are of; it comes with its first file.')),
    source: text('FILE', 'File to upload.'),
    sourceDirectory: text('DIRECTORY', 'Directory of which all files are uploaded, however deep.'),
    destinationPath: text('PATH', 'Folder in the version that the files go to.'),
    skipExisting: toggle('Leave out files that are there, also with other bytes.'),
    parallelism: count('N', `Files to upload at once, at most ${MOST_AT_ONCE}.`, { fallback: '4' }),
  },
  format: 'none',
  async run(args, cli) {
    const parallelism = args.parallelism ?? 4;
    if (parallelism > MOST_AT_ONCE) throw usage(`--parallelism: at most ${MOST_AT_ONCE}`);
    const files = await sourcesOf(args);
    const { package: pkg, version } = args;
    const parts = await repositoryParts(cli);
    const sending = await sendingOf(cli, args.skipExisting ?? false);
    const nameOf = (file: string) => names.file.format({ ...parts, file: fileIdOf(pkg, version, file) });
    const sizes = await Promise.all(files.map(async ({ path }) => (await stat(path)).size));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const bar = cli.terminal.showsProgress
      ? progressBar(cli.io, files.length === 1 ? (files[0]?.name ?? '') : `${files.length} files`)
      : undefined;
    const sent = new Map<LocalFile, number>();
    const outcomes = new Map<LocalFile, Outcome>();
    try {
      await atOnce(files, parallelism, async (file) => {
        const report = (bytes: number): void => {
          sent.set(file, bytes);
          bar?.show(
            [...sent.values()].reduce((sum, each) => sum + each, 0),
            total,
          );
        };
        const { path, name } = file;
        const whole = {
          path,
          parent: names.repository.format(parts),
          uploads: sending.client.genericArtifacts,
          message: { packageId: pkg, versionId: version, filename: name },
          name: nameOf(name),
          called: `${name} in ${pkg} ${version}`,
        };
        outcomes.set(file, await sendFile(sending, whole, report));
      });
    } finally {
      await bar?.end();
    }
    const all = [...outcomes.values()];
    const uploaded = all.filter((outcome) => outcome === 'uploaded').length;
    const there = all.length - uploaded;
    await cli.terminal.notice(
      `Uploaded ${uploaded} ${uploaded === 1 ? 'file' : 'files'} to ${pkg} ${version}, checksums verified${
        there === 0 ? '' : `; ${there} ${there === 1 ? 'was' : 'were'} there already`
      }.`,
    );
    return files.map((file) => ({
      path: file.path,
      name: nameOf(file.name),
      outcome: outcomes.get(file) ?? '',
    }));
  },
});
