import type { Cli } from '../../context.ts';
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

/** Nothing, and no failure, for a property that is not set: scripts test for an empty answer. */
async function value(cli: Cli, written: string): Promise<string | undefined> {
  const found = await cli.properties.get(propertyNamed(written));
  if (found === undefined) await cli.terminal.notice('(unset)');
  return found;
}
