import { names } from '../../../contract/names.ts';
import type { Cli } from '../../context.ts';

export const serviceName = async (cli: Cli, service: string): Promise<string> =>
  `${names.project.format({ project: await cli.project() })}/services/${service}`;
