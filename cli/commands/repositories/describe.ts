import { defineCommand, maybe } from '../../grammar/command.ts';
import { repositoryName } from '../../resolve.ts';
import { behind } from './behind.ts';

export const describeRepository = defineCommand({
  path: 'artifacts repositories describe',
  summary: 'Show a repository.',
  positionals: { repository: maybe('Id or full name. Default: the property artifacts/repository.') },
  format: 'yaml',
  async run(args, cli) {
    const client = await cli.client();
    const repository = await client.repositories.get(await repositoryName(cli, args.repository));
    const megabytes = Number(repository.sizeBytes ?? 0) / 2 ** 20;
    await cli.terminal.notice(`Repository Size: ${megabytes.toFixed(3)}MB`);
    if (repository.registryUri) await cli.terminal.notice(`Registry URL: ${repository.registryUri}`);
    const upstreams = behind(repository);
    if (upstreams !== undefined) await cli.terminal.notice(upstreams);
    return repository;
  },
});
