import { join } from 'node:path';
import { type Digest, digestOf } from '../harness/oci.ts';
import { reference } from '../harness/registry.ts';
import { run } from '../harness/run.ts';
import type { Client, ClientKind, Stage } from './client.ts';

/** Runs oras with a home below the stage; `stdin` feeds `--password-stdin`. */
export const orasIn =
  ({ directory }: Stage) =>
  (
    args: readonly string[],
    options: { readonly stdin?: string; readonly cwd?: string } = {},
  ): Promise<string> =>
    run(['oras', ...args], {
      env: { HOME: directory, DOCKER_CONFIG: join(directory, 'docker'), ORAS_CACHE: '' },
      ...options,
    });

/** https://oras.land/docs/category/oras-commands */
async function open(stage: Stage): Promise<Client> {
  const oras = orasIn(stage);

  const push = async (layout: string, target: string): Promise<Digest> => {
    await oras(['cp', '--from-oci-layout', '--to-plain-http', `${layout}:fixture`, target]);
    return (await oras(['resolve', '--plain-http', target])).trim() as Digest;
  };

  return {
    async login({ username, password }) {
      await oras(['login', '--plain-http', stage.host, '--username', username, '--password-stdin'], {
        stdin: password,
      });
    },

    async pushImage(subject, to, tag) {
      return { digest: await push(subject.layout, reference(to, tag)), kept: 'everything' };
    },

    async pushIndex(subject, to, tag) {
      return { digest: await push(subject.layout, reference(to, tag)), kept: 'everything' };
    },

    async pull(from, tag) {
      const path = join(stage.directory, `pulled-${crypto.randomUUID()}`);
      await oras(['cp', '--from-plain-http', '--to-oci-layout', reference(from, tag), `${path}:it`]);
      return { kind: 'layout', path, scope: 'everything' };
    },

    async configFor(from, tag, architecture) {
      const platform = architecture === 'arm64' ? 'linux/arm64/v8' : `linux/${architecture}`;
      return digestOf(
        await oras([
          'manifest',
          'fetch-config',
          '--plain-http',
          '--platform',
          platform,
          reference(from, tag),
        ]),
      );
    },

    async tags({ host, name }) {
      return (await oras(['repo', 'tags', '--plain-http', `${host}/${name}`])).trim().split('\n');
    },

    async remove(image, tag) {
      await oras(['manifest', 'delete', '--plain-http', '--force', reference(image, tag)]);
    },
  };
}

export const oras: ClientKind = { name: 'oras', programs: ['oras'], showsNothingUnasked: true, open };
