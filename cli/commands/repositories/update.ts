import type { Repository } from '../../../contract/client.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { list, map, text, toggle } from '../../grammar/flags.ts';
import { repositoryName } from '../../resolve.ts';
import { masked } from '../given.ts';
import { QUOTA_FLAGS, quotaOf } from '../quota-flags.ts';
import { CREDENTIAL_FLAGS } from './credential-flags.ts';
import { clearImmutableTagPatterns, dockerConfigOf, immutableTagPatterns } from './immutable-tags.ts';
import { modeChange } from './mode.ts';
import { REMOTE_FLAGS } from './upstream-flags.ts';
import { clearTrashRetention, trashRetention, trashRetentionOf } from './trash-retention.ts';
import { VIRTUAL_FLAGS } from './virtual-flags.ts';

export const updateRepository = defineCommand({
  path: 'artifacts repositories update',
  summary: 'Change a repository.',
  description: 'Changes what is given and nothing else.',
  examples: [
    {
      says: 'Freeze the tags and note the owner:',
      line: 'entrepot artifacts repositories update images --immutable-tags --update-labels=team=web',
    },
    {
      says: 'Freeze the tags of releases only:',
      line: "entrepot artifacts repositories update images --immutable-tag-patterns='v*,release-*'",
    },
    {
      says: 'Room for more:',
      line: 'entrepot artifacts repositories update images --max-bytes=200GiB --max-versions=unlimited',
    },
    {
      says: 'A new password for the upstream:',
      line: 'entrepot artifacts repositories update partner --remote-username=ci --remote-password-file=password.txt',
    },
    {
      says: 'Let nothing in that is younger than a week, but your own:',
      line: "entrepot artifacts repositories update public --minimum-release-age=7d --minimum-release-age-exceptions='@acme/*'",
    },
    {
      says: 'Other upstreams:',
      line: 'entrepot artifacts repositories update npm --upstream-policy-file=upstreams.json',
    },
  ],
  positionals: { repository: one('Id or full name of the repository.') },
  flags: {
    description: text('TEXT', 'New description; empty to remove it.'),
    updateLabels: map('KEY=VALUE', 'Labels to add or replace.'),
    removeLabels: list('KEY', 'Labels to remove.'),
    clearLabels: toggle('Remove all labels, before --update-labels is done.'),
    immutableTags: toggle('Whether tags are frozen (docker only).', { negatable: true }),
    immutableTagPatterns,
    clearImmutableTagPatterns,
    ...QUOTA_FLAGS,
    trashRetention,
    clearTrashRetention,
    ...CREDENTIAL_FLAGS,
    clearRemoteCredentials: toggle('Ask the upstream without credentials from now on.'),
    ...REMOTE_FLAGS,
    ...VIRTUAL_FLAGS,
  },
  format: 'none',
  async run(args, cli) {
    const client = await cli.client();
    const name = await repositoryName(cli, args.repository);
    const change: { -readonly [K in keyof Repository]: Repository[K] } = {};
    if (args.description !== undefined) change.description = args.description;
    const dockerConfig = dockerConfigOf(args);
    if (dockerConfig) change.dockerConfig = dockerConfig;
    if (args.updateLabels ?? args.removeLabels ?? args.clearLabels) {
      const before = args.clearLabels ? {} : ((await client.repositories.get(name)).labels ?? {});
      const kept = Object.entries(before).filter(([key]) => !args.removeLabels?.includes(key));
      change.labels = { ...Object.fromEntries(kept), ...args.updateLabels };
    }
    const paths = Object.keys(change).flatMap((key) =>
      key === 'dockerConfig' ? Object.keys(dockerConfig ?? {}).map((field) => `${key}.${field}`) : [key],
    );
    const limits = quotaOf(args);
    const trash = trashRetentionOf(args);
    const ofMode = await modeChange(cli, args);
    const updated = await client.repositories.patch(
      name,
      { ...change, ...(limits && { quota: limits.quota }), ...trash, ...ofMode.change },
      masked([...paths, ...(limits?.paths ?? []), ...(trash ? ['trashRetention'] : []), ...ofMode.paths]),
    );
    await cli.terminal.notice(`Updated repository [${args.repository}].`);
    return updated;
  },
});
