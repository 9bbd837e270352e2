import { type Command, defineCommand, one } from '../../../grammar/command.ts';
import { text, toggle } from '../../../grammar/flags.ts';
import { given, givenChange } from '../../given.ts';
import { bySize } from '../../paging.ts';
import { poolName, poolsParent } from './pool-name.ts';

const textFlags = {
  displayName: text('NAME', 'Name for people.'),
  description: text('TEXT', 'What the pool is for.'),
  disabled: toggle('Whether nobody of the pool gets in.', { negatable: true }),
};
const pool = one('Id or full name of the pool.');

const create = defineCommand({
  path: 'iam workload-identity-pools create',
  summary: 'Create a workload identity pool: a set of programs that somebody else vouches for.',
  description:
    'Nobody is in it until it has a provider, and nobody of it may do anything until a role is granted to ' +
    'principal://… or principalSet://….',
  examples: [
    {
      says: 'A pool for builds:',
      line: 'entrepot iam workload-identity-pools create builds --location=global --display-name=Builds',
    },
  ],
  positionals: { pool: one('Id of the pool: 4 to 32 lower-case letters, digits and hyphens.') },
  flags: textFlags,
  format: 'none',
  async run({ pool: id, ...fields }, cli) {
    const parent = await poolsParent(cli);
    const client = await cli.client();
    const operation = await client.workloadPools.create(parent, id, given(fields));
    const made = await cli.settled(operation);
    await cli.terminal.notice(`Created workload identity pool [${id}].`);
    return made;
  },
});

const list = defineCommand({
  path: 'iam workload-identity-pools list',
  summary: 'List the workload identity pools of a project.',
  lists: true,
  format: 'table(name.basename(), displayName:label="DISPLAY NAME", disabled.yesno(yes=True, no=False))',
  async run(_, cli) {
    const parent = await poolsParent(cli);
    return (await cli.client()).workloadPools.list(parent, bySize(cli));
  },
});

const describe = defineCommand({
  path: 'iam workload-identity-pools describe',
  summary: 'Show a workload identity pool.',
  positionals: { pool },
  format: 'yaml',
  async run(args, cli) {
    const name = await poolName(cli, args.pool);
    return (await cli.client()).workloadPools.get(name);
  },
});

const update = defineCommand({
  path: 'iam workload-identity-pools update',
  summary: 'Change a workload identity pool.',
  description:
    'Changes what is given and nothing else. Disabling a pool takes the access of its identities at once.',
  positionals: { pool },
  flags: textFlags,
  format: 'none',
  async run({ pool: written, ...fields }, cli) {
    const change = givenChange(fields, 'give --display-name, --description or --disabled');
    const name = await poolName(cli, written);
    const client = await cli.client();
    const operation = await client.workloadPools.patch(name, ...change);
    const changed = await cli.settled(operation);
    await cli.terminal.notice(`Updated workload identity pool [${written}].`);
    return changed;
  },
});

const remove = defineCommand({
  path: 'iam workload-identity-pools delete',
  summary: 'Delete a workload identity pool, its providers, and the access of its identities, for good.',
  positionals: { pool },
  format: 'none',
  async run(args, cli) {
    const name = await poolName(cli, args.pool);
    await cli.terminal.confirm(`Workload identity pool [${args.pool}] will be deleted.`);
    await cli.settled(await (await cli.client()).workloadPools.delete(name));
    await cli.terminal.notice(`Deleted workload identity pool [${args.pool}].`);
    return undefined;
  },
});

export const workloadPoolCommands: readonly Command[] = [create, list, describe, update, remove];
