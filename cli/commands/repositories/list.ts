import { names } from '../../../contract/names.ts';
import { defineCommand, type Row } from '../../grammar/command.ts';
import { listed } from '../paging.ts';
import type { Client } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';

export const listRepositories = defineCommand({
  path: 'artifacts repositories list',
  summary: 'List repositories.',
  description:
    'Looks in one location when --location or the property artifacts/location says so, else in all of them.',
  examples: [
    { says: 'In all locations:', line: 'entrepot artifacts repositories list --location=all' },
    { says: 'Names only:', line: "entrepot artifacts repositories list --format='value(name.basename())'" },
  ],
  lists: true,
  serverFilters: true,
  format: `table(
    name.basename():label=REPOSITORY,
    format,
    mode,
    description,
    name.segment(3):label=LOCATION,
    labels.list():label=LABELS,
    createTime.date(),
    updateTime.date(),
    sizeBytes.size(zero='0', precision=3, units_out=M):label="SIZE (MB)"
  )`,
  async run(_, cli) {
    const client = await cli.client();
    const project = await cli.project();
    const given = cli.globals.location ?? (await cli.properties.get('artifacts/location'));
    const where = given === undefined || given === 'all' ? undefined : given;
    await cli.terminal.notice(
      `Listing items under project ${project}, ${where ? `location ${where}` : 'across all locations'}.\n`,
    );
    if (where !== undefined) return within(cli, client, names.location.format({ project, location: where }));
    return everywhere(cli, client, project);
  },
});

const within = (cli: Cli, client: Client, parent: string): AsyncIterable<Row> =>
  listed(cli, (options) => client.repositories.list(parent, options));

/** How many locations are asked at once: a server has dozens, and most of them hold nothing. */
const AT_ONCE = 8;

async function* everywhere(cli: Cli, client: Client, project: string): AsyncGenerator<Row> {
  const locations = await Array.fromAsync(client.locations.list(names.project.format({ project })));
  for (let from = 0; from < locations.length; from += AT_ONCE) {
    const asked = locations
      .slice(from, from + AT_ONCE)
      .map(({ name }) => Array.fromAsync(within(cli, client, name)));
    for (const rows of await Promise.all(asked)) yield* rows;
  }
}
