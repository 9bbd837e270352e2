import { run } from '../harness/run.ts';
import { converse } from '../harness/terminal.ts';
import { DEVICE_PAGE, type NpmClient, type NpmStage, packedInto, type Person } from './npm-client.ts';

/** Ways to run a client that took its commands from npm, and what all such clients are told in the same words. */
export function npmWords(program: string, stage: NpmStage, env: Readonly<Record<string, string>>) {
  const { directory } = stage;
  const printed = (args: readonly string[], cwd = directory): Promise<string> =>
    run([program, ...args], { env, cwd });
  const json = async (args: readonly string[]): Promise<unknown> =>
    JSON.parse(await printed([...args, '--json'])) as unknown;
  const quietly = async (args: readonly string[], cwd?: string): Promise<void> =>
    void (await printed(args, cwd));

  const shared = {
    ci: (folder) => quietly(['ci'], folder),
    view: (spec, field) => json(['view', spec, field]),
    pack: (folder) => packedInto(stage, (into) => printed(['pack', '--pack-destination', into], folder)),
    whoami: async () => (await printed(['whoami'])).trim(),
    ping: () => quietly(['ping']),
    audit: (folder) => quietly(['audit'], folder),
    tags: {
      add: (name, version, tag) => quietly(['dist-tag', 'add', `${name}@${version}`, tag]),
      remove: (name, tag) => quietly(['dist-tag', 'rm', name, tag]),
    },
    deprecate: (spec, message) => quietly(['deprecate', spec, message]),
    unpublish: (spec) => quietly(['unpublish', '--force', spec]),
  } satisfies Partial<NpmClient>;
  const inBrowser = ({ approve }: Person): Promise<unknown> =>
    converse([program, 'login'], [{ shown: DEVICE_PAGE, reply: ([page]) => approve(page) }], {
      env,
      cwd: directory,
    });
  return { printed, json, quietly, shared, inBrowser };
}
