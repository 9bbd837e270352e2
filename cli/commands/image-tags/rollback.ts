import { lastId, names } from '../../../contract/names.ts';
import { imageAt } from '../../docker/at-server.ts';
import { packageOf, shown } from '../../docker/image-path.ts';
import { usage } from '../../exit.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { earlier } from '../tags/earlier.ts';

export const rollbackImageTag = defineCommand({
  path: 'artifacts docker tags rollback',
  summary: 'Point a tag at an image that it named before.',
  description:
    'Without flags, at the image that it named before its last move; doing it again undoes it. A tag that was ' +
    'removed comes back. "artifacts docker tags history" shows what there is to go back to.',
  examples: [
    {
      says: 'Take back the last move:',
      line: 'entrepot artifacts docker tags rollback localhost:8080/us-central1-docker/my-project/images/app:production',
    },
    {
      says: 'Have what was there on Monday morning:',
      line:
        'entrepot artifacts docker tags rollback ' +
        'localhost:8080/us-central1-docker/my-project/images/app:production --as-of=2026-03-02T08:00:00Z',
    },
  ],
  positionals: { tag: one('Image with :TAG.') },
  flags: {
    to: text('DIGEST', 'The image to go back to, one that the tag named before.'),
    asOf: text('TIME', 'Go back to what the tag named then, such as 2026-03-02T08:00:00Z.'),
  },
  format: 'none',
  async run(args, cli) {
    const image = await imageAt(cli, args.tag);
    if (image.tag === undefined || image.digest !== undefined)
      throw usage(`[${args.tag}] names no tag; write ${shown(image)}:TAG`);
    const { to, asOf } = args;
    if (to !== undefined && asOf !== undefined) throw usage('--to and --as-of exclude each other');
    if (to !== undefined && !/^[a-z0-9]+:[0-9a-f]{32,}$/.test(to))
      throw usage(`--to: [${to}] is not a digest; write one such as sha256:0123...`);
    const pkg = packageOf(image);
    const version = to === undefined ? undefined : names.version.format({ ...pkg, version: to });
    const target = earlier(version, asOf);
    const client = await cli.client();
    const rolled = await client.tagHistory.rollback(names.tag.format({ ...pkg, tag: image.tag }), target);
    await cli.terminal.notice(`Tag [${args.tag}] is at [${lastId(rolled.version ?? '')}] again.`);
    return rolled;
  },
});
