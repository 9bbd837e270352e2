import { names } from '../../../contract/names.ts';
import type { Repository } from '../../../contract/client.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { choice, map, required, text, toggle } from '../../grammar/flags.ts';
import { repositoryParts } from '../../resolve.ts';
import { asyncFlag, leftRunning } from '../long-running.ts';
import { dockerConfigOf, immutableTagPatterns } from './immutable-tags.ts';

export const createRepository = defineCommand({
  path: 'artifacts repositories create',
  summary: 'Create a repository.',
  examples: [
    {
      says: 'A repository for container images:',
      line: 'entrepot artifacts repositories create images --repository-format=docker --location=us-central1',
    },
    {
      says: 'One whose tags never move:',
      line: 'entrepot artifacts repositories create releases --repository-format=docker --immutable-tags',
    },
    {
      says: 'One whose releases never move, and whose other tags do:',
      line: "entrepot artifacts repositories create apps --repository-format=docker --immutable-tag-patterns='v*'",
    },
  ],
  positionals: { repository: one('Id of the repository: lower-case letters, digits and hyphens.') },
  flags: {
    repositoryFormat: required(text('FORMAT', 'What the repository holds, such as docker.')),
    mode: choice(['none', 'standard-repository'], 'How the repository comes by its content.', {
      fallback: 'standard-repository',
    }),
    description: text('TEXT', 'Description for people.'),
    labels: map('KEY=VALUE', 'Labels of the repository.'),
    immutableTags: toggle('Tags can neither move nor be deleted (docker only).', { negatable: true }),
    immutableTagPatterns,
    async: asyncFlag,
  },
  format: 'none',
  async run(args, cli) {
    const client = await cli.client();
    const { project, location, repository } = await repositoryParts(cli, args.repository);
    const parent = names.location.format({ project, location });
    const dockerConfig = dockerConfigOf(args);
    const operation = await client.repositories.create(parent, repository, {
      // The server says which formats it has, so a new one needs no new command line.
      format: args.repositoryFormat.toUpperCase() as NonNullable<Repository['format']>,
      mode: args.mode === 'none' ? 'MODE_UNSPECIFIED' : 'STANDARD_REPOSITORY',
      ...(args.description === undefined ? {} : { description: args.description }),
      ...(args.labels === undefined ? {} : { labels: args.labels }),
      ...(dockerConfig && { dockerConfig }),
    });
    await cli.terminal.notice(`Create request issued for: [${repository}]`);
    if (args.async) return leftRunning(cli, operation);
    const created = await cli.settled(operation);
    await cli.terminal.notice(`Created repository [${repository}].`);
    return created;
  },
});
