import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeProgram, run } from '../harness/run.ts';
import { type NpmClient, type NpmClientKind, type NpmStage, packedInto } from './npm-client.ts';
import { npmrc } from './npmrc.ts';

const YARN = nodeProgram('yarn');

/**
 * The first Yarn (https://classic.yarnpkg.com/en/docs/cli/). Its audit asks a registry of its own choice and is left
 * out. It shows its token for reading only because it is told to.
 */
async function open(stage: NpmStage): Promise<NpmClient> {
  const { directory } = stage;
  await Bun.write(join(directory, '.npmrc'), `${npmrc(stage)}always-auth=true\n`);
  await Bun.write(join(directory, '.yarnrc'), `registry "${stage.url}"\nlastUpdateCheck 4102444800000\n`);
  const env = { HOME: directory, YARN_CACHE_FOLDER: join(directory, 'cache'), CI: 'true' };
  const yarn = (args: readonly string[], cwd = directory): Promise<string> =>
    run([YARN, '--non-interactive', ...args], { env, cwd });
  const quietly = async (args: readonly string[], cwd?: string): Promise<void> =>
    void (await yarn(args, cwd));

  return {
    publish: async (folder, tag = 'latest') => {
      const { version } = (await Bun.file(join(folder, 'package.json')).json()) as {
        readonly version: string;
      };
      await quietly(['publish', '--new-version', version, '--no-git-tag-version', '--tag', tag], folder);
    },
    install: (folder) => quietly(['install'], folder),
    ci: async (folder) => {
      await rm(join(folder, 'node_modules'), { recursive: true, force: true });
      await quietly(['install', '--frozen-lockfile'], folder);
    },
    add: (folder, spec) => quietly(['add', spec], folder),
    view: async (spec, field) => inspected(await yarn(['info', spec, field, '--json'])),
    pack: (folder) => packedInto(stage, (into) => yarn(['pack', '--filename', join(into, 'it.tgz')], folder)),
    tags: {
      add: (name, version, tag) => quietly(['tag', 'add', `${name}@${version}`, tag]),
      remove: (name, tag) => quietly(['tag', 'remove', name, tag]),
    },
  };
}

/** It prints a line of JSON for each thing that it has to say, and exits with 0 when it found nothing. */
function inspected(output: string): unknown {
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; data?: unknown });
  const found = lines.find(({ type }) => type === 'inspect');
  if (found === undefined) throw new Error(output);
  return found.data;
}

export const yarn: NpmClientKind = {
  name: 'yarn 1',
  programs: [YARN],
  refusesAgain: /cannot publish over the previously published versions/i,
  open,
};
