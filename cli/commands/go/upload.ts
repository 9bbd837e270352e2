import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { names } from '../../../contract/names.ts';
import { usage } from '../../exit.ts';
import { defineCommand } from '../../grammar/command.ts';
import { required, text } from '../../grammar/flags.ts';
import { moduleFiles } from '../../go/module-files.ts';
import { zipOf } from '../../go/zip.ts';
import { repositoryParts } from '../../resolve.ts';

/** Bytes of all files of a module (golang.org/x/mod/zip). */
const LARGEST_MODULE = 500 * 1024 * 1024;

export const uploadGoModule = defineCommand({
  path: 'artifacts go upload',
  summary: 'Upload a version of a Go module.',
  description:
    'Packs the files of a folder as the go command does, and uploads them. Left out are modules inside of it, packages in ' +
    'vendor, links, and what version control keeps. A version stays what it was: it cannot be uploaded again with other files.',
  examples: [
    {
      says: 'Of the module in this folder:',
      line: 'entrepot artifacts go upload --repository=go --module-path=example.com/team/lib --version=v1.2.0',
    },
    {
      says: 'Of another one:',
      line: 'entrepot artifacts go upload --repository=go --module-path=example.com/team/lib --version=v1.2.0 --source=lib',
    },
  ],
  flags: {
    modulePath: required(text('PATH', 'Path of the module, as its go.mod says.')),
    version: required(text('VERSION', 'Version to upload, such as v1.2.0.')),
    source: text('DIRECTORY', 'Folder with its go.mod. Default: the current one.'),
  },
  format: 'none',
  async run({ modulePath, version, source = '.' }, cli) {
    const folder = await stat(source).catch(() => undefined);
    if (!folder?.isDirectory()) throw usage(`[${source}] is no folder; give one with --source`);
    const repository = names.repository.format(await repositoryParts(cli));
    const zip = await packed(source, `${modulePath}@${version}`);
    const client = await cli.client();
    await client.goModules.create(repository, zip);
    await cli.terminal.notice(`Uploaded [${modulePath}@${version}] to [${repository}].`);
    return { repository, module: modulePath, version };
  },
});

async function packed(folder: string, prefix: string): Promise<Blob> {
  const paths = await moduleFiles(folder);
  if (paths.length === 0) throw usage(`[${folder}] has no files of a module`);
  const entries = [];
  let size = 0;
  for (const path of paths) {
    const content = new Uint8Array(await readFile(join(folder, path)));
    size += content.length;
    if (size > LARGEST_MODULE)
      throw usage(`[${folder}] has more than ${LARGEST_MODULE} bytes, which is all that a module may have`);
    entries.push({ name: `${prefix}/${path}`, content });
  }
  return new Blob([...zipOf(entries)]);
}
