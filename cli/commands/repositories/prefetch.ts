import type { PrefetchReport } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';
import { CliError, usage } from '../../exit.ts';
import { any, defineCommand, one } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { repositoryName } from '../../resolve.ts';
import { asyncFlag, leftRunning } from '../long-running.ts';
import { packagesIn } from './lock-file.ts';
import { countBar } from './count-bar.ts';
import { textOfFile } from '../../text-file.ts';

export const prefetch = defineCommand({
  path: 'artifacts repositories prefetch',
  summary: 'Copy images or packages into a remote repository before anybody asks for them.',
  description:
    'Each is copied with all that it is made of, and is then there also while the upstream is not. Fails when one of them ' +
    'cannot be copied, after the others have been.',
  examples: [
    {
      says: 'Images:',
      line: 'entrepot artifacts repositories prefetch hub library/nginx:1.27 library/redis:7',
    },
    {
      says: 'Images of a file, one to a line:',
      line: 'entrepot artifacts repositories prefetch hub --images-file=images.txt',
    },
    {
      says: 'All that an application installs:',
      line: 'entrepot artifacts repositories prefetch public --lock-file=package-lock.json',
    },
    {
      says: 'The same of Python, with the files of all platforms that the lock file names:',
      line: 'entrepot artifacts repositories prefetch python-public --lock-file=uv.lock',
    },
  ],
  positionals: {
    repository: one('Id or full name of the repository.'),
    artifacts: any(
      'What to copy: IMAGE:TAG, IMAGE@DIGEST, PACKAGE@VERSION, or of Python PACKAGE==VERSION or PACKAGE/FILE.',
    ),
  },
  flags: {
    lockFile: text(
      'FILE',
      'Lock file of npm, pnpm, yarn, Bun, uv or poetry, pylock.toml, requirements.txt or go.sum, whose packages are copied.',
    ),
    imagesFile: text('FILE', 'File with an image on each line; # begins a comment.'),
    async: asyncFlag,
  },
  format: 'none',
  async run({ repository, artifacts, lockFile, imagesFile, async: isAsync }, cli) {
    const wanted = [
      ...artifacts,
      ...(lockFile === undefined ? [] : packagesIn(await textOfFile(lockFile), lockFile)),
      ...(imagesFile === undefined ? [] : linesOf(await textOfFile(imagesFile))),
    ];
    if (wanted.length === 0) throw usage('name what to copy, or give --lock-file or --images-file');
    const client = await cli.client();
    const operation = await client.remoteCaches.prefetch(await repositoryName(cli, repository), wanted);
    if (isAsync === true) return leftRunning(cli, operation);
    const bar = cli.terminal.showsProgress ? countBar(cli.io, repository) : undefined;
    const settled = await client.operations.wait(operation, {
      onPending: ({ metadata }) => bar?.show(triedOf(metadata ?? {}), wanted.length),
    });
    const { '@type': _, ...report } = settled as PrefetchReport;
    await bar?.end(triedOf(report), wanted.length);
    return outcome(cli, report);
  },
});

async function outcome(cli: Cli, report: PrefetchReport): Promise<PrefetchReport> {
  const { fetchedCount = 0, presentCount = 0, failedCount = 0, failures = [] } = report;
  for (const { artifact = '', message = '' } of failures) await cli.terminal.warn(`${artifact}: ${message}`);
  const counts = `${fetchedCount} fetched, ${presentCount} already there, ${failedCount} failed`;
  if (failedCount > 0) throw new CliError('failed', `not all of it could be copied: ${counts}`);
  if (report.interrupted)
    throw new CliError(
      'unavailable',
      'the server stopped each time before it was done; copy fewer at a time',
    );
  await cli.terminal.notice(`${counts}.`);
  return report;
}

const triedOf = ({ fetchedCount = 0, presentCount = 0, failedCount = 0 }: PrefetchReport): number =>
  fetchedCount + presentCount + failedCount;

const linesOf = (content: string): readonly string[] =>
  content
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '');
