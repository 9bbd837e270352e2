import { defineCommand, one } from '../../grammar/command.ts';
import { propertyNamed } from '../../settings/properties.ts';
import { propertyArgument } from './property-argument.ts';

export const configSet = defineCommand({
  path: 'config set',
  summary: 'Set a property for all later commands.',
  examples: [
    { says: 'Work in one project:', line: 'entrepot config set project my-project' },
    { says: 'Work in one location:', line: 'entrepot config set artifacts/location us-central1' },
  ],
  positionals: { property: propertyArgument, value: one('The value.') },
  format: 'none',
  async run(args, cli) {
    const name = propertyNamed(args.property);
    await cli.properties.set(name, args.value);
    await cli.terminal.notice(`Updated property [${name}].`);
    return undefined;
  },
});
