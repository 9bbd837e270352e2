import { nodeProgram, run } from '../harness/run.ts';
import { converse } from '../harness/terminal.ts';
import { DEVICE_PAGE, type NpmClient, type NpmClientKind, type NpmStage, packedInto } from './npm-client.ts';
import { npmHome, npmrc } from './npmrc.ts';

const NPM = nodeProgram('npm');

/** https://docs.npmjs.com/cli/v11/commands */
async function open(stage: NpmStage): Promise<NpmClient> {
  const { directory } = stage;
  const env = await npmHome(directory, npmrc(stage));
  const npm = (args: readonly string[], cwd = directory): Promise<string> =>
    run([NPM, ...args], { env, cwd });
  const json = async (args: readonly string[]): Promise<unknown> =>
    JSON.parse(await npm([...args, '--json'])) as unknown;
  const quietly = async (args: readonly string[], cwd?: string): Promise<void> => void (await npm(args, cwd));

  return {
    publish: (folder, tag = 'latest') => quietly(['publish', '--tag', tag], folder),
    install: (folder) => quietly(['install'], folder),
    ci: (folder) => quietly(['ci'], folder),
    add: (folder, spec) => quietly(['install', spec], folder),
    view: (spec, field) => json(['view', spec, field]),
    pack: (folder) => packedInto(stage, (into) => npm(['pack', '--pack-destination', into], folder)),
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
      inBrowser: ({ approve }) =>
        converse([NPM, 'login'], [{ shown: DEVICE_PAGE, reply: ([page]) => approve(page) }], {
          env,
          cwd: directory,
        }),
    },
    whoami: async () => (await npm(['whoami'])).trim(),
    ping: () => quietly(['ping']),
    // A name is what stands alone on the line above `Version … published`, with the description in between.
    search: async (text) =>
      (await npm(['search', '--color=false', text])).split('\n').filter((line) => /^@?[\w./-]+$/.test(line)),
    audit: (folder) => quietly(['audit'], folder),
    tags: {
      add: (name, version, tag) => quietly(['dist-tag', 'add', `${name}@${version}`, tag]),
      remove: (name, tag) => quietly(['dist-tag', 'rm', name, tag]),
    },
    deprecate: (spec, message) => quietly(['deprecate', spec, message]),
    unpublish: (spec) => quietly(['unpublish', '--force', spec]),
  };
}

export const npm: NpmClientKind = {
  name: 'npm',
  programs: [NPM],
  refusesAgain: /cannot publish over the previously published versions/i,
  open,
};
