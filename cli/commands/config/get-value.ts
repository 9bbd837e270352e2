import type { Cli } from '../../context.ts';
import { CliError } from '../../exit.ts';
import { defineCommand, type Command } from '../../grammar/command.ts';
import { propertyNamed } from '../../settings/properties.ts';
import { propertyArgument } from './property-argument.ts';

const getter = (path: string, summary: string): Command =>
  defineCommand({
    path,
    summary,
    positionals: { property: propertyArgument },
    format: 'text',
    run: (args, cli) => value(cli, args.property),
  });

export const configGetValue = getter('config get-value', 'Print a property.');
export const configGet = getter('config get', 'Print a property; the same as get-value.');

async function value(cli: Cli, written: string): Promise<string> {
  const name = propertyNamed(written);
  const found = await cli.properties.get(name);
  if (found !== undefined) return found;
  throw new CliError(
    'failed',
    `property [${name}] is not set; set it with "entrepot config set ${written} VALUE"`,
  );
}
