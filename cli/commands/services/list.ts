import type { Cli } from '../../context.ts';
import { defineCommand } from '../../grammar/command.ts';
import { serviceName } from './service-name.ts';

/** What stands for the parts of this server in scripts written for Google's. */
const SERVICES = [
  'artifactregistry.googleapis.com',
  'cloudresourcemanager.googleapis.com',
  'serviceusage.googleapis.com',
];

export const listServices = defineCommand({
  path: 'services list',
  summary: 'List the services. All of them are always on.',
  lists: true,
  format: 'table(name.basename():label=NAME, state)',
  async *run(_: object, cli: Cli) {
    const client = await cli.client();
    for (const service of SERVICES) yield await client.services.get(await serviceName(cli, service));
  },
});
