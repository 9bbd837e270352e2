import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeProgram, run } from '../harness/run.ts';
import { converse } from '../harness/terminal.ts';
import { DEVICE_PAGE, type NpmClient, type NpmClientKind, type NpmStage, packedInto } from './npm-client.ts';

const BERRY = nodeProgram('berry', 'yarn');

/** Yarn 4 (https://yarnpkg.com/cli). It would leave out what was published within the last days. */
async function open(stage: NpmStage): Promise<NpmClient> {
  const { directory, url, token } = stage;
  const settings = {
    npmRegistryServer: url,
    ...(token !== undefined && { npmAuthToken: token }),
    npmAlwaysAuth: true,
    unsafeHttpWhitelist: ['127.0.0.1'],
    npmMinimalAgeGate: 0,
    nodeLinker: 'node-modules',
    enableTelemetry: false,
    enableColors: false,
    enableProgressBars: false,
    httpRetry: 0,
  };
  await Bun.write(join(directory, '.yarnrc.yml'), JSON.stringify(settings));
  // It asks about packages only from within a project, and takes what has a lock file for one.
  await Bun.write(join(directory, 'package.json'), '{"private":true}');
  await Bun.write(join(directory, 'yarn.lock'), '');
  const env = { HOME: directory };
  const yarn = (args: readonly string[], cwd = directory): Promise<string> =>
    run([BERRY, ...args], { env, cwd });
  const quietly = async (args: readonly string[], cwd?: string): Promise<void> =>
    void (await yarn(args, cwd));
  const installed = async (folder: string, args: readonly string[]): Promise<void> => {
    const lockFile = join(folder, 'yarn.lock');
    if (!(await Bun.file(lockFile).exists())) await Bun.write(lockFile, '');
    await quietly(args, folder);
  };

  return {
    publish: async (folder, tag = 'latest') => {
      await installed(folder, ['install', '--no-immutable']);
      await quietly(['npm', 'publish', '--tag', tag], folder);
    },
    install: (folder) => installed(folder, ['install', '--no-immutable']),
    ci: async (folder) => {
      await rm(join(folder, 'node_modules'), { recursive: true, force: true });
      await quietly(['install', '--immutable'], folder);
    },
    add: (folder, spec) => installed(folder, ['add', spec]),
    view: async (spec, field) => {
      const shown = await yarn(['npm', 'info', spec, '--fields', field, '--json']);
      return (JSON.parse(shown) as Readonly<Record<string, unknown>>)[field];
    },
    pack: async (folder) => {
      await installed(folder, ['install', '--no-immutable']);
      return packedInto(stage, (into) => yarn(['pack', '--out', join(into, 'it.tgz')], folder));
    },
    logIn: {
      withPassword: ({ username, password }) =>
        converse(
          [BERRY, 'npm', 'login'],
          [
            { shown: /Username:/, reply: username },
            { shown: /Password:/, reply: password },
          ],
          { env, cwd: directory },
        ),
      inBrowser: ({ approve }) =>
        converse(
          [BERRY, 'npm', 'login', '--web-login'],
          [
            { shown: /browser now\?/, reply: 'n' },
            { shown: DEVICE_PAGE, reply: ([page]) => approve(page) },
          ],
          { env, cwd: directory },
        ),
    },
    whoami: async () => /YN0000: (\S+)$/m.exec(await yarn(['npm', 'whoami']))?.[1] ?? '',
    audit: (folder) => quietly(['npm', 'audit', '--no-deprecations'], folder),
    tags: {
      add: (name, version, tag) => quietly(['npm', 'tag', 'add', `${name}@${version}`, tag]),
      remove: (name, tag) => quietly(['npm', 'tag', 'remove', name, tag]),
    },
  };
}

export const berry: NpmClientKind = {
  name: 'yarn 4',
  programs: [BERRY],
  refusesAgain: /cannot publish over the previously published versions|409|403/i,
  open,
};
