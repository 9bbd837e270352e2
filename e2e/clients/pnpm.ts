import { join } from 'node:path';
import { nodeProgram } from '../harness/run.ts';
import type { NpmClient, NpmClientKind, NpmStage } from './npm-client.ts';
import { npmWords } from './npm-words.ts';
import { npmrc } from './npmrc.ts';

const PNPM = nodeProgram('pnpm');

/** https://pnpm.io/pnpm-cli. It would leave out what was published within the last day. */
async function open(stage: NpmStage): Promise<NpmClient> {
  const { directory } = stage;
  await Bun.write(join(directory, '.npmrc'), npmrc(stage));
  const env = {
    HOME: directory,
    PNPM_CONFIG_MINIMUM_RELEASE_AGE: '0',
    PNPM_CONFIG_FETCH_RETRIES: '0',
    CI: 'true',
  };
  const { json, quietly, shared, inBrowser } = npmWords(PNPM, stage, env);
  return {
    ...shared,
    publish: (folder, tag = 'latest') => quietly(['publish', '--no-git-checks', '--tag', tag], folder),
    // Where CI is set, it would want the lock file that it is to write.
    install: (folder) => quietly(['install', '--no-frozen-lockfile'], folder),
    add: (folder, spec) => quietly(['add', spec], folder),
    logIn: { inBrowser },
    search: async (text) =>
      ((await json(['search', text])) as readonly { readonly name: string }[]).map(({ name }) => name),
  };
}

export const pnpm: NpmClientKind = {
  name: 'pnpm',
  programs: [PNPM],
  refusesAgain: /cannot publish over the previously published versions/i,
  open,
};
