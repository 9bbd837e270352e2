import { ApiError } from '../../../contract/api-error.ts';
import type { CleanupDecision, CleanupPolicy, Client } from '../../../contract/client.ts';
import { names } from '../../../contract/names.ts';
import type { Cli } from '../../context.ts';
import { imagePathAt } from '../../docker/at-server.ts';
import type { ImagePath } from '../../docker/image-path.ts';
import { defineCommand, maybe, type Row } from '../../grammar/command.ts';
import { text, toggle } from '../../grammar/flags.ts';
import { decisionRow } from '../cleanup/decisions.ts';
import { seconds } from '../repositories/duration.ts';

/** A push is over by then: images of several platforms have no tag until their index has come. */
const YOUNGEST = '1h';

export const pruneImages = defineCommand({
  path: 'artifacts docker images prune',
  summary: 'Delete dangling images: those that no tag names and nothing with a tag needs.',
  description: `Images of an index with a tag stay, and so do signatures and other things that refer to what stays. Lists what
would be deleted and asks before anything is. What gets a tag meanwhile stays.

Something may still be in use by its digest; --not-pulled-for leaves what was pulled lately.`,
  examples: [
    {
      says: 'What is dangling?',
      line: 'entrepot artifacts docker images prune --repository=images --dry-run',
    },
    {
      says: 'Delete what is dangling and nobody pulled for a month:',
      line:
        'entrepot artifacts docker images prune localhost:8080/us-central1-docker/my-project/images ' +
        '--not-pulled-for=30d',
    },
  ],
  positionals: {
    imagePath: maybe('Repository or image. Default: the repository of the flags and properties.'),
  },
  flags: {
    dryRun: toggle('Only list what is dangling.'),
    olderThan: text('DURATION', 'Leave what was uploaded since, such as 12h or 30d.', { fallback: YOUNGEST }),
    notPulledFor: text('DURATION', 'Leave what was pulled since.'),
  },
  lists: true,
  format: `table(
    package:label=IMAGE,
    versionId:label=DIGEST,
    age,
    pulled,
    sizeBytes.size(zero='0 B'):label=SIZE,
    result:optional
  )`,
  async run(args, cli) {
    const path = await imagePathAt(cli, args.imagePath);
    const client = await cli.client();
    const policy: CleanupPolicy = {
      id: 'dangling',
      action: 'DELETE',
      condition: {
        tagState: 'UNTAGGED',
        olderThan: seconds(args.olderThan ?? YOUNGEST, '--older-than'),
        ...(args.notPulledFor !== undefined && {
          notPulledFor: seconds(args.notPulledFor, '--not-pulled-for'),
        }),
      },
    };
    const dangling = await danglingIn(client, path, policy);
    if (args.dryRun === true || dangling.length === 0) {
      await cli.terminal.notice(`Dangling images: [${dangling.length}].`);
      return dangling.map((decision) => decisionRow(decision, cli.io.now()));
    }
    const digests = dangling.map(({ version = '' }) => names.version.parse(version));
    await cli.terminal.notice(
      ['Digests:', ...digests.map((at) => `- ${at?.package ?? ''}@${at?.version ?? ''}`)].join('\n'),
    );
    await cli.terminal.confirm(`This operation will delete the above ${dangling.length} images.`);
    return deleteEach(cli, client, dangling);
  },
});

async function danglingIn(
  client: Client,
  path: ImagePath,
  policy: CleanupPolicy,
): Promise<readonly CleanupDecision[]> {
  const found: CleanupDecision[] = [];
  for await (const line of client.cleanup.preview(names.repository.format(path), { dangling: policy })) {
    if (!('decision' in line) || line.decision.action !== 'DELETE') continue;
    const { package: pkg } = names.version.parse(line.decision.version ?? '') ?? {};
    if (path.image === undefined || path.image === pkg) found.push(line.decision);
  }
  return found;
}

/** One by one, and each only if it still has no tag and nothing has it as a part. */
async function deleteEach(
  cli: Cli,
  client: Client,
  dangling: readonly CleanupDecision[],
): Promise<readonly Row[]> {
  const results = new Map<CleanupDecision, string>();
  let left = dangling;
  for (let before = -1; left.length !== before;) {
    before = left.length;
    const refused: CleanupDecision[] = [];
    for (const decision of left) {
      const result = await deleted(client, decision.version ?? '');
      results.set(decision, result);
      if (result === 'in use') refused.push(decision);
    }
    // Parts can go once what they are parts of is gone.
    left = refused;
  }
  await cli.terminal.notice(`Deleted images: [${dangling.length - left.length}].`);
  return dangling.map((decision) => ({
    ...decisionRow(decision, cli.io.now()),
    result: results.get(decision) ?? '',
  }));
}

async function deleted(client: Client, version: string): Promise<'deleted' | 'gone' | 'in use'> {
  try {
    await client.versions.delete(version);
    return 'deleted';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === 'NOT_FOUND') return 'gone';
    if (error.code === 'FAILED_PRECONDITION') return 'in use';
    throw error;
  }
}
