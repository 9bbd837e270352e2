import { names } from '../../../contract/names.ts';
import type { Repository } from '../../../contract/client.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { choice, map, required, text, toggle } from '../../grammar/flags.ts';
import { repositoryParts } from '../../resolve.ts';
import { QUOTA_FLAGS, quotaOf } from '../quota-flags.ts';
import { asyncFlag, leftRunning } from '../long-running.ts';
import { CREDENTIAL_FLAGS } from './credential-flags.ts';
import { dockerConfigOf, immutableTagPatterns } from './immutable-tags.ts';
import { MAVEN_FLAGS, mavenConfigOf } from './maven-config.ts';
import { modeOf, MODES } from './mode.ts';
import { REMOTE_FLAGS, tokenOriginsFlag, UPSTREAM_FLAGS } from './upstream-flags.ts';
import { trashRetention, trashRetentionOf } from './trash-retention.ts';
import { VIRTUAL_FLAGS } from './virtual-flags.ts';

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
    {
      says: 'One that never holds more than it may:',
      line: 'entrepot artifacts repositories create nightly --repository-format=docker --max-bytes=50GiB --max-versions=500',
    },
    {
      says: 'One for releases of Maven and Gradle, and no snapshots:',
      line: 'entrepot artifacts repositories create releases --repository-format=maven --version-policy=release',
    },
    {
      says: 'Copies of a public registry, of packages that have been out for three days:',
      line:
        'entrepot artifacts repositories create public --repository-format=npm --mode=remote-repository ' +
        '--remote-npm-repo=npmjs --minimum-release-age=3d',
    },
    {
      says: 'Copies of a server that asks for a password:',
      line:
        'entrepot artifacts repositories create partner --repository-format=docker --mode=remote-repository ' +
        '--remote-docker-repo=https://registry.example.com --remote-username=ci --remote-password-file=password.txt',
    },
    {
      says: 'One address for your own packages and the public ones behind them:',
      line:
        'entrepot artifacts repositories create npm --repository-format=npm --mode=virtual-repository ' +
        '--upstream-policy-file=upstreams.json --write-repository=own',
    },
  ],
  positionals: { repository: one('Id of the repository: lower-case letters, digits and hyphens.') },
  flags: {
    repositoryFormat: required(
      text('FORMAT', 'What the repository holds: docker, npm, python, maven, go or generic.'),
    ),
    mode: choice(
      ['none', ...MODES],
      'How the repository comes by its content: published to it, copied from an upstream, always asked of one, or ' +
        'made of other repositories.',
      { fallback: 'standard-repository' },
    ),
    description: text('TEXT', 'Description for people.'),
    labels: map('KEY=VALUE', 'Labels of the repository.'),
    immutableTags: toggle('Tags can neither move nor be deleted (docker only).', { negatable: true }),
    immutableTagPatterns,
    ...QUOTA_FLAGS,
    trashRetention,
    ...MAVEN_FLAGS,
    ...UPSTREAM_FLAGS,
    remoteRepoConfigDesc: text('TEXT', 'Description of the upstream for people.'),
    ...CREDENTIAL_FLAGS,
    remoteTokenOrigins: tokenOriginsFlag,
    ...REMOTE_FLAGS,
    ...VIRTUAL_FLAGS,
    async: asyncFlag,
  },
  format: 'none',
  async run(args, cli) {
    const client = await cli.client();
    const { project, location, repository } = await repositoryParts(cli, args.repository);
    const parent = names.location.format({ project, location });
    const dockerConfig = dockerConfigOf(args);
    const limits = quotaOf(args);
    const mavenConfig = mavenConfigOf(args);
    const operation = await client.repositories.create(parent, repository, {
      // The server says which formats it has, so a new one needs no new command line.
      format: args.repositoryFormat.toUpperCase() as NonNullable<Repository['format']>,
      ...(await modeOf(cli, args)),
      ...(args.description === undefined ? {} : { description: args.description }),
      ...(args.labels === undefined ? {} : { labels: args.labels }),
      ...(dockerConfig && { dockerConfig }),
      ...(limits && { quota: limits.quota }),
      ...trashRetentionOf(args),
      ...(mavenConfig && { mavenConfig }),
    });
    await cli.terminal.notice(`Create request issued for: [${repository}]`);
    if (args.async) return leftRunning(cli, operation);
    const created = await cli.settled(operation);
    await cli.terminal.notice(`Created repository [${repository}].`);
    return created;
  },
});
