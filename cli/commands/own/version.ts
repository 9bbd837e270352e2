import manifest from '../../../package.json' with { type: 'json' };
import { defineCommand } from '../../grammar/command.ts';

export const version = defineCommand({
  path: 'version',
  summary: 'Print the version of this program.',
  format: 'yaml',
  run: () => ({
    entrepot: manifest.version,
    bun: Bun.version,
    platform: `${process.platform}-${process.arch}`,
  }),
});
