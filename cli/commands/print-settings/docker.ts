import { defineCommand } from '../../grammar/command.ts';
import { repositoryAddress } from './repository-address.ts';

export const printDockerSettings = defineCommand({
  path: 'artifacts print-settings docker',
  summary: 'Print how docker logs in to a repository, and what its images are called.',
  examples: [
    {
      says: 'Of one repository:',
      line: 'entrepot artifacts print-settings docker --repository=images --location=us-central1',
    },
  ],
  format: 'text',
  async run(_, cli) {
    const { uri } = await repositoryAddress(cli, 'DOCKER');
    const lines = [
      '# Once, so that docker logs in as you:',
      `entrepot auth configure-docker ${uri.slice(0, uri.indexOf('/'))}`,
      '',
      '# What images are called:',
      `${uri}/IMAGE:TAG`,
    ];
    return lines.join('\n');
  },
});
