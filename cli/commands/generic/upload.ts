import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError, type Client, type File } from '../../../contract/client.ts';
import { names } from '../../../contract/names.ts';
import type { Cli } from '../../context.ts';
import { progressBar } from '../../download/progress-bar.ts';
import { CliError, usage } from '../../exit.ts';
import { defineCommand } from '../../grammar/command.ts';
import { count, required, text, toggle } from '../../grammar/flags.ts';
import { repositoryParts, type RepositoryParts } from '../../resolve.ts';
import { filesOf } from '../../settings/files.ts';
import { atOnce } from '../../upload/at-once.ts';
import { UploadSessions } from '../../upload/sessions.ts';
import { uploadFile } from '../../upload/upload-file.ts';
import { sha256Of } from '../../file-hash.ts';
import { fileIdOf, type LocalFile, sourcesOf } from './generic-files.ts';

const MOST_AT_ONCE = 16;
const PART = 32 * 2 ** 20;

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
    const run: UploadRun = {
      cli,
      client: await cli.client(),
      parts: await repositoryParts(cli),
      server: await cli.server(),
      sessions: new UploadSessions(join(filesOf(cli.io).settings, '..', 'uploads.json')),
      signal: cli.io.interrupt(),
      package: args.package,
      version: args.version,
      skips: args.skipExisting ?? false,
    };
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
        outcomes.set(file, await uploadOne(run, file, report));
      });
    } finally {
      await bar?.end();
    }
    const all = [...outcomes.values()];
    const uploaded = all.filter((outcome) => outcome === 'uploaded').length;
    const there = all.length - uploaded;
    await cli.terminal.notice(
      `Uploaded ${uploaded} ${uploaded === 1 ? 'file' : 'files'} to ${args.package} ${args.version}, checksums verified${
        there === 0 ? '' : `; ${there} ${there === 1 ? 'was' : 'were'} there already`
      }.`,
    );
    return files.map((file) => ({
      path: file.path,
      name: names.file.format({ ...run.parts, file: fileIdOf(args.package, args.version, file.name) }),
      outcome: outcomes.get(file) ?? '',
    }));
  },
});

type Outcome = 'uploaded' | 'there';

interface UploadRun {
  readonly cli: Cli;
  readonly client: Client;
  readonly parts: RepositoryParts;
  readonly server: string;
  readonly sessions: UploadSessions;
  readonly signal: AbortSignal;
  readonly package: string;
  readonly version: string;
  readonly skips: boolean;
}

async function uploadOne(
  run: UploadRun,
  local: LocalFile,
  report: (bytes: number) => void,
): Promise<Outcome> {
  const { cli, client, parts, server, sessions, signal } = run;
  const { size, mtimeMs } = await stat(local.path);
  const known = await existing(run, local);
  if (known) return leave(run, local, known, () => report(size));
  const parent = names.repository.format(parts);
  const message = { packageId: run.package, versionId: run.version, filename: local.name };
  const what = JSON.stringify([server, parent, message, size, mtimeMs]);
  try {
    await uploadFile({
      uploads: client.genericArtifacts,
      parent,
      message,
      path: local.path,
      part: PART,
      session: await sessions.find(what),
      begun: (session) => sessions.keep(what, session),
      report,
      signal,
      sleep: cli.io.sleep,
    });
  } catch (thrown) {
    // Somebody else may have brought it meanwhile, or an answer was lost on its way.
    const there = thrown instanceof ApiError ? await existing(run, local) : undefined;
    if (!there) throw thrown;
    await sessions.keep(what, undefined);
    return leave(run, local, there, () => report(size));
  }
  await sessions.keep(what, undefined);
  return 'uploaded';
}

async function existing(run: UploadRun, { name }: LocalFile): Promise<File | undefined> {
  const file = fileIdOf(run.package, run.version, name);
  try {
    return await run.client.files.get(names.file.format({ ...run.parts, file }));
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.status === 404) return undefined;
    throw thrown;
  }
}

async function leave(
  { package: pkg, version, skips }: UploadRun,
  { path, name }: LocalFile,
  { hashes = [] }: File,
  done: () => void,
): Promise<Outcome> {
  await using file = await open(path, 'r');
  const digest = await sha256Of(file, 'base64');
  const isSame = hashes.some(({ type, value }) => type === 'SHA256' && value === digest);
  if (!isSame && !skips)
    throw new CliError(
      'conflict',
      `${name} already exists in ${pkg} ${version} with other bytes than ${path}; publish another version, or give ` +
        '--skip-existing to leave it as it is',
    );
  done();
  return 'there';
}
