import { defineCommand } from '../../grammar/command.ts';
import { propertyNamed } from '../../settings/properties.ts';
import { propertyArgument } from './property-argument.ts';

export const configUnset = defineCommand({
  path: 'config unset',
  summary: 'Forget a property.',
  positionals: { property: propertyArgument },
  format: 'none',
  async run(args, cli) {
    const name = propertyNamed(args.property);
    await cli.properties.unset(name);
    await cli.terminal.notice(`Unset property [${name}].`);
    return undefined;
  },
});
