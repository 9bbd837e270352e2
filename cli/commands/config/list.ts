import { defineCommand } from '../../grammar/command.ts';
import { PROPERTIES, propertyNamed } from '../../settings/properties.ts';

export const configList = defineCommand({
  path: 'config list',
  summary: 'List the properties that are set, with those of the environment.',
  lists: true,
  format: 'table(section, name, value)',
  async run(_, cli) {
    const rows = [];
    for (const full of Object.keys(PROPERTIES).map(propertyNamed)) {
      const [section = '', name = ''] = full.split('/');
      const found = await cli.properties.get(full);
      if (found !== undefined) rows.push({ section, name, value: found });
    }
    return rows;
  },
});
