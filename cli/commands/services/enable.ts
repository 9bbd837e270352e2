import { defineCommand, several } from '../../grammar/command.ts';
import { serviceName } from './service-name.ts';

export const enableServices = defineCommand({
  path: 'services enable',
  summary: 'Accept the name of a service. All services are always on.',
  positionals: { services: several('Services, such as artifactregistry.googleapis.com.') },
  format: 'none',
  async run({ services }, cli) {
    const client = await cli.client();
    for (const service of services)
      await cli.settled(await client.services.enable(await serviceName(cli, service)));
    await cli.terminal.notice('All services of this server are always on; there was nothing to enable.');
    return undefined;
  },
});
