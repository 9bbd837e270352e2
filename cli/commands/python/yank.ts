import type { PythonPackage } from '../../../contract/client.ts';
import { names } from '../../../contract/names.ts';
import type { Cli } from '../../context.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { list, text } from '../../grammar/flags.ts';
import { versionName } from '../../resolve.ts';

const positionals = { version: one('Version, or full name of one.') } as const;
const ofFiles = list('FILE', 'Files of it, by their names, instead of all of them.');
const ofPackage = text('PACKAGE', 'Package of the version, unless VERSION is a full name.');

export const yank = defineCommand({
  path: 'artifacts python yank',
  summary: 'Yank a version, or files of it, so that only those who ask for just this one still install it.',
  description:
    'All its files stay where they are: who has pinned the version with == keeps it, everybody else gets another. ' +
    'Files that are published later are yanked too, until "entrepot artifacts python unyank". With --file only those files ' +
    'are yanked, such as a wheel that is broken for one platform.',
  examples: [
    {
      says: 'With a reason, which installers show:',
      line: 'entrepot artifacts python yank 1.0.3 --package=demo --reason="broken on Windows" --repository=python',
    },
    {
      says: 'One file of it:',
      line:
        'entrepot artifacts python yank 1.0.3 --package=demo --file=demo-1.0.3-cp312-cp312-win_amd64.whl ' +
        '--reason="crashes at import" --repository=python',
    },
  ],
  positionals,
  flags: {
    package: ofPackage,
    file: ofFiles,
    reason: text('REASON', 'Why, as installers show it.'),
  },
  format: 'none',
  async run({ version, package: pkg, file, reason = '' }, cli) {
    const to =
      file === undefined
        ? { yanked: true, yankedReason: reason }
        : { yankedFiles: Object.fromEntries(file.map((each) => [each, reason])) };
    const changed = await change(cli, { version, pkg }, to, file ? maskOf(file) : OF_VERSION);
    await cli.terminal.notice(`Yanked ${called(version, file)}.`);
    return changed;
  },
});

export const unyank = defineCommand({
  path: 'artifacts python unyank',
  summary: 'Let everybody install a version again that was yanked, or files of it.',
  description: 'Without --file the version and all its files, also those that were yanked one by one.',
  examples: [
    {
      says: 'One version:',
      line: 'entrepot artifacts python unyank 1.0.3 --package=demo --repository=python',
    },
  ],
  positionals,
  flags: { package: ofPackage, file: ofFiles },
  format: 'none',
  async run({ version, package: pkg, file }, cli) {
    const mask = file ? maskOf(file) : [...OF_VERSION, 'yankedFiles'];
    const changed = await change(cli, { version, pkg }, {}, mask);
    await cli.terminal.notice(`Not yanked any more: ${called(version, file)}.`);
    return changed;
  },
});

const OF_VERSION = ['yanked', 'yankedReason'];

/** Keys of a map, which have dots. */
const maskOf = (files: readonly string[]): readonly string[] =>
  files.map((file) => `yankedFiles.\`${file}\``);

const called = (version: string, files: readonly string[] | undefined): string =>
  files === undefined ? `version [${version}]` : `[${files.join(', ')}] of version [${version}]`;

async function change(
  cli: Cli,
  { version, pkg }: { readonly version: string; readonly pkg: string | undefined },
  to: PythonPackage,
  updateMask: readonly string[],
) {
  const name = await versionName(cli, version, pkg);
  const parts = names.version.parse(name);
  if (!parts) throw new TypeError(`${name} is no version's name`);
  const pythonPackage = `${parts.package}:${parts.version}`;
  const client = await cli.client();
  return client.pythonPackages.patch(names.pythonPackage.format({ ...parts, pythonPackage }), to, {
    updateMask,
  });
}
