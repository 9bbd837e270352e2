import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeProgram, run } from '../harness/run.ts';
import { type NpmClient, type NpmClientKind, type NpmStage, packedInto } from './npm-client.ts';

const BUN = nodeProgram('bun');

/** https://bun.com/docs/pm/cli/install. It has no command for tags, deprecation or taking back. */
async function open(stage: NpmStage): Promise<NpmClient> {
  const { directory, url, token } = stage;
  const shown = token === undefined ? '' : `, token = ${JSON.stringify(token)}`;
  const settings = `telemetry = false\n[install]\nregistry = { url = ${JSON.stringify(url)}${shown} }\n`;
  await Bun.write(join(directory, '.bunfig.toml'), settings);
  const env = { HOME: directory, TMPDIR: directory, DO_NOT_TRACK: '1' };
  const bun = (args: readonly string[], cwd = directory): Promise<string> =>
    run([BUN, ...args], { env, cwd });
  const quietly = async (args: readonly string[], cwd?: string): Promise<void> => void (await bun(args, cwd));

  return {
    publish: (folder, tag = 'latest') => quietly(['publish', '--tag', tag], folder),
    install: (folder) => quietly(['install'], folder),
    ci: async (folder) => {
      await rm(join(folder, 'node_modules'), { recursive: true, force: true });
      await quietly(['install', '--frozen-lockfile'], folder);
    },
    add: (folder, spec) => quietly(['add', spec], folder),
    view: async (spec, field) => JSON.parse(await bun(['info', spec, field, '--json'])) as unknown,
    pack: (folder) => packedInto(stage, (into) => bun(['pm', 'pack', '--destination', into], folder)),
    whoami: async () => (await bun(['pm', 'whoami'])).trim(),
    audit: (folder) => quietly(['audit'], folder),
  };
}

export const bun: NpmClientKind = {
  name: 'bun',
  programs: [BUN],
  refusesAgain: /cannot publish over the previously published versions|409|403/i,
  open,
};
