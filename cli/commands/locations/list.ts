import { names } from '../../../contract/names.ts';
import { defineCommand } from '../../grammar/command.ts';
import { bySize } from '../paging.ts';

export const listLocations = defineCommand({
  path: 'artifacts locations list',
  summary: 'List the locations of the server.',
  lists: true,
  format: 'table(locationId:label=LOCATION, displayName)',
  async run(_, cli) {
    const client = await cli.client();
    return client.locations.list(names.project.format({ project: await cli.project() }), bySize(cli));
  },
});
