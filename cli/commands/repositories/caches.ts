import type { UpstreamStatus } from '../../../contract/client.ts';
import { usage } from '../../exit.ts';
import { type Command, defineCommand, one } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { repositoryName } from '../../resolve.ts';

const purgeCache = defineCommand({
  path: 'artifacts repositories purge-cache',
  summary: 'Forget what a remote repository copied.',
  description:
    'What is wanted next is asked of the upstream again. What a file was when it was first seen stays known. Without ' +
    '--package or --path everything is forgotten.',
  examples: [
    {
      says: 'One package:',
      line: 'entrepot artifacts repositories purge-cache public --package=left-pad',
    },
    {
      says: 'One tag of an image:',
      line: 'entrepot artifacts repositories purge-cache hub --path=library/nginx/manifests/1.27',
    },
  ],
  positionals: { repository: one('Id or full name of the repository.') },
  flags: {
    package: text('PACKAGE', 'Only what was copied of this package.'),
    path: text('PATH', 'Only this path below the address of the repository.'),
  },
  format: 'none',
  async run({ repository, package: pkg, path }, cli) {
    if (pkg !== undefined && path !== undefined) throw usage('--package and --path exclude each other');
    if (pkg === '' || path === '')
      throw usage('--package and --path name something; leave them out for everything');
    const name = await repositoryName(cli, repository);
    const what = pkg ?? path;
    await cli.terminal.confirm(
      `You are about to forget ${what === undefined ? 'everything' : `what [${repository}] has of [${what}]`}` +
        `${what === undefined ? ` that [${repository}] copied` : ''}. What the upstream no longer has is gone then.`,
    );
    const client = await cli.client();
    const purged = await client.remoteCaches.purge(name, {
      ...(pkg !== undefined && { package: pkg }),
      ...(path !== undefined && { path }),
    });
    const { fileCount = 0, indexCount = 0 } = purged;
    const files = `${fileCount} ${fileCount === 1 ? 'file' : 'files'}`;
    const indexes = `${indexCount} ${indexCount === 1 ? 'index' : 'indexes'}`;
    await cli.terminal.notice(`Forgot ${files} and ${indexes} of [${repository}].`);
    return { ...purged };
  },
});

const describeUpstream = defineCommand({
  path: 'artifacts repositories describe-upstream',
  summary: 'Show whether the upstream of a remote repository answers.',
  description:
    'As the process of the server that answers finds it; several processes may find different things.',
  examples: [{ says: 'Is it there?', line: 'entrepot artifacts repositories describe-upstream public' }],
  positionals: { repository: one('Id or full name of the repository.') },
  format: 'yaml',
  async run({ repository }, cli) {
    const client = await cli.client();
    const status = await client.remoteCaches.upstreamStatus(await repositoryName(cli, repository));
    await cli.terminal.notice(sentenceOf(status));
    return { ...status };
  },
});

function sentenceOf({ circuit, retryTime, failureCount = 0, lastSuccessTime }: UpstreamStatus): string {
  if (circuit === 'OPEN')
    return `The upstream failed ${failureCount} times and is left alone${retryTime ? ` until ${retryTime}` : ''}; copies are served.`;
  if (failureCount > 0) return `The upstream failed ${failureCount} times since it last answered.`;
  return lastSuccessTime === undefined
    ? 'The upstream was not asked yet.'
    : `The upstream answered at ${lastSuccessTime}.`;
}

export const cacheCommands: readonly Command[] = [purgeCache, describeUpstream];
