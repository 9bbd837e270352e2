import type { PythonPackage } from '../../../contract/client.ts';
import { names } from '../../../contract/names.ts';
import type { Cli } from '../../context.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { versionName } from '../../resolve.ts';

const positionals = { version: one('Version, or full name of one.') } as const;
const ofPackage = text('PACKAGE', 'Package of the version, unless VERSION is a full name.');

export const yank = defineCommand({
  path: 'artifacts python yank',
  summary: 'Yank a version, so that only those who ask for just this one still install it.',
  description:
    'All its files stay where they are: who has pinned the version with == keeps it, everybody else gets another. ' +
    'Files that are published later are yanked too, until "entrepot artifacts python unyank".',
  examples: [
    {
      says: 'With a reason, which installers show:',
      line: 'entrepot artifacts python yank 1.0.3 --package=demo --reason="broken on Windows" --repository=python',
    },
  ],
  positionals,
  flags: {
    package: ofPackage,
    reason: text('REASON', 'Why, as installers show it.'),
  },
  format: 'none',
  async run({ version, package: pkg, reason }, cli) {
    const changed = await change(
      cli,
      { version, pkg },
      {
        yanked: true,
        ...(reason !== undefined && { yankedReason: reason }),
      },
    );
    await cli.terminal.notice(`Yanked version [${version}].`);
    return changed;
  },
});

export const unyank = defineCommand({
  path: 'artifacts python unyank',
  summary: 'Let everybody install a version again that was yanked.',
  examples: [
    {
      says: 'One version:',
      line: 'entrepot artifacts python unyank 1.0.3 --package=demo --repository=python',
    },
  ],
  positionals,
  flags: { package: ofPackage },
  format: 'none',
  async run({ version, package: pkg }, cli) {
    const changed = await change(cli, { version, pkg }, { yanked: false });
    await cli.terminal.notice(`Version [${version}] is not yanked any more.`);
    return changed;
  },
});

async function change(
  cli: Cli,
  { version, pkg }: { readonly version: string; readonly pkg: string | undefined },
  to: PythonPackage,
) {
  const name = await versionName(cli, version, pkg);
  const parts = names.version.parse(name);
  if (!parts) throw new TypeError(`${name} is no version's name`);
  const pythonPackage = `${parts.package}:${parts.version}`;
  const client = await cli.client();
  return client.pythonPackages.patch(names.pythonPackage.format({ ...parts, pythonPackage }), to, {
    updateMask: ['yanked', 'yankedReason'],
  });
}
