import { join } from 'node:path';
import { nodeProgram, run } from '../harness/run.ts';
import { converse } from '../harness/terminal.ts';
import { DEVICE_PAGE, type NpmClient, type NpmClientKind, type NpmStage, packedInto } from './npm-client.ts';
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
  const pnpm = (args: readonly string[], cwd = directory): Promise<string> =>
    run([PNPM, ...args], { env, cwd });
  const json = async (args: readonly string[]): Promise<unknown> =>
    JSON.parse(await pnpm([...args, '--json'])) as unknown;
  const quietly = async (args: readonly string[], cwd?: string): Promise<void> =>
    void (await pnpm(args, cwd));

  return {
    publish: (folder, tag = 'latest') => quietly(['publish', '--no-git-checks', '--tag', tag], folder),
    // Where CI is set, it would want the lock file that it is to write.
    install: (folder) => quietly(['install', '--no-frozen-lockfile'], folder),
    ci: (folder) => quietly(['ci'], folder),
    add: (folder, spec) => quietly(['add', spec], folder),
    view: (spec, field) => json(['view', spec, field]),
    pack: (folder) => packedInto(stage, (into) => pnpm(['pack', '--pack-destination', into], folder)),
    logIn: {
      inBrowser: ({ approve }) =>
        converse([PNPM, 'login'], [{ shown: DEVICE_PAGE, reply: ([page]) => approve(page) }], {
          env,
          cwd: directory,
        }),
    },
    whoami: async () => (await pnpm(['whoami'])).trim(),
    ping: () => quietly(['ping']),
    search: async (text) =>
      ((await json(['search', text])) as readonly { readonly name: string }[]).map(({ name }) => name),
    audit: (folder) => quietly(['audit'], folder),
    tags: {
      add: (name, version, tag) => quietly(['dist-tag', 'add', `${name}@${version}`, tag]),
      remove: (name, tag) => quietly(['dist-tag', 'rm', name, tag]),
    },
    deprecate: (spec, message) => quietly(['deprecate', spec, message]),
    unpublish: (spec) => quietly(['unpublish', '--force', spec]),
  };
}

export const pnpm: NpmClientKind = {
  name: 'pnpm',
  programs: [PNPM],
  refusesAgain: /cannot publish over the previously published versions/i,
  open,
};
