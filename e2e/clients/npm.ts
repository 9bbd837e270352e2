import { nodeProgram } from '../harness/run.ts';
import { converse } from '../harness/terminal.ts';
import type { NpmClient, NpmClientKind, NpmStage } from './npm-client.ts';
import { npmWords } from './npm-words.ts';
import { npmHome, npmrc } from './npmrc.ts';

const NPM = nodeProgram('npm');

/** npm's documentation, CLI commands, version 11 */
async function open(stage: NpmStage): Promise<NpmClient> {
  const { directory } = stage;
  const env = await npmHome(directory, npmrc(stage));
  const { printed, quietly, shared, inBrowser } = npmWords(NPM, stage, env);
  return {
    ...shared,
    publish: (folder, tag = 'latest') => quietly(['publish', '--tag', tag], folder),
    install: (folder) => quietly(['install'], folder),
    add: (folder, spec) => quietly(['install', spec], folder),
    logIn: {
      withPassword: ({ username, password }) =>
        converse(
          [NPM, 'login', '--auth-type=legacy'],
          [
            { shown: /Username:/, reply: username },
            { shown: /Password:/, reply: password },
          ],
          { env, cwd: directory },
        ),
      inBrowser,
    },
    // A name is what stands alone on the line above `Version … published`, with the description in between.
    search: async (text) =>
      (await printed(['search', '--color=false', text]))
        .split('\n')
        .filter((line) => /^@?[\w./-]+$/.test(line)),
  };
}

export const npm: NpmClientKind = {
  name: 'npm',
  programs: [NPM],
  refusesAgain: /cannot publish over the previously published versions/i,
  open,
};
