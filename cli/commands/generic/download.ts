import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { File, Named } from '../../../contract/client.ts';
import { lastId, names } from '../../../contract/names.ts';
import { downloadFile } from '../../download/download-file.ts';
import { progressBar } from '../../download/progress-bar.ts';
import { CliError, usage } from '../../exit.ts';
import { defineCommand } from '../../grammar/command.ts';
import { count, required, text, toggle } from '../../grammar/flags.ts';
import { repositoryParts } from '../../resolve.ts';
import { sha256Of } from '../../file-hash.ts';
import { fileIdOf } from './generic-files.ts';

const MOST_AT_ONCE = 16;

export const downloadGeneric = defineCommand({
  path: 'artifacts generic download',
  summary: 'Download a version of a package, or one file of it, and check that all arrived whole.',
  description:
    'Files come in parts, several at once. What is there already with the right bytes is not fetched again, and a file that was ' +
    'interrupted goes on with the parts that are missing.',
  examples: [
    {
      says: 'All files of a version:',
      line: 'entrepot artifacts generic download --repository=files --package=tool --version=1.0 --destination=.',
    },
    {
      says: 'One of them:',
      line:
        'entrepot artifacts generic download --repository=files --package=tool --version=1.0 --name=docs/index.html ' +
        '--destination=.',
    },
  ],
  flags: {
    package: required(text('PACKAGE', 'Package that the files are of.')),
    version: required(text('VERSION', 'Version that the files are of.')),
    destination: required(text('DIRECTORY', 'Directory to download into.')),
    name: text('PATH', 'Only this file of the version.'),
    allowOverwrite: toggle('Replace files that are there with other bytes.'),
    parallelism: count('N', `Parts to download at once, at most ${MOST_AT_ONCE}.`, { fallback: '4' }),
    chunkSize: count('BYTES', 'Bytes of a part.', { fallback: '16777216' }),
  },
  format: 'none',
  async run(args, cli) {
    const parallelism = args.parallelism ?? 4;
    if (parallelism > MOST_AT_ONCE) throw usage(`--parallelism: at most ${MOST_AT_ONCE}`);
    const directory = await stat(args.destination).catch(() => undefined);
    if (!directory?.isDirectory()) throw usage(`--destination: ${args.destination} is not a directory`);
    const client = await cli.client();
    const parts = await repositoryParts(cli);
    const { package: pkg, version } = args;
    const prefix = fileIdOf(pkg, version, '');
    const files: Named<File>[] = [];
    if (args.name !== undefined)
      files.push(await client.files.get(names.file.format({ ...parts, file: prefix + args.name })));
    else {
      const owner = names.version.format({ ...parts, package: pkg, version });
      for await (const file of client.files.list(names.repository.format(parts), {
        filter: `owner="${owner}"`,
      }))
        files.push(file);
      if (files.length === 0) throw new CliError('notFound', `there are no files in ${pkg} ${version}`);
    }
    const signal = cli.io.interrupt();
    const total = files.reduce((sum, { sizeBytes = '0' }) => sum + Number(sizeBytes), 0);
    const label = files.length === 1 ? nameIn(prefix, files[0]) : `${files.length} files`;
    const bar = cli.terminal.showsProgress ? progressBar(cli.io, label) : undefined;
    const done: { readonly path: string; readonly sizeBytes: string }[] = [];
    let before = 0;
    try {
      for (const file of files) {
        const path = join(args.destination, nameIn(prefix, file));
        const size = Number(file.sizeBytes ?? 0);
        if (!(await isThere(path, file, args.allowOverwrite ?? false))) {
          await mkdir(dirname(path), { recursive: true });
          const report = (bytes: number): void => bar?.show(before + bytes, total);
          const part = args.chunkSize === undefined ? {} : { part: args.chunkSize };
          await downloadFile({ client, file, path, parallelism, report, signal, resume: true, ...part });
        }
        before += size;
        bar?.show(before, total);
        done.push({ path, sizeBytes: String(size) });
      }
    } finally {
      await bar?.end();
    }
    await cli.terminal.notice(
      `Downloaded ${done.length} ${done.length === 1 ? 'file' : 'files'} to ${args.destination}, ${total} bytes, checksums verified.`,
    );
    return done;
  },
});

/** A file's path in its version. What would lead out of the destination is no name, whatever the server says. */
function nameIn(prefix: string, file: Named<File> | undefined): string {
  const id = lastId(file?.name ?? '');
  const name = id.startsWith(prefix) ? id.slice(prefix.length) : '';
  const isSafe = name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (isSafe && !name.includes('\\')) return name;
  throw new CliError('integrity', `the server names a file [${id}], which is no path in a version`);
}

/** Whether the right bytes are there already. */
async function isThere(path: string, { hashes = [] }: File, overwrite: boolean): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return false;
  if (found.isFile()) {
    await using file = await open(path, 'r');
    const digest = await sha256Of(file, 'base64');
    if (hashes.some(({ type, value }) => type === 'SHA256' && value === digest)) return true;
  }
  if (overwrite) return false;
  throw new CliError(
    'conflict',
    `${path} is there already with other bytes; give --allow-overwrite to replace it`,
  );
}
