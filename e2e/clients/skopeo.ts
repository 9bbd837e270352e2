import { join } from 'node:path';
import { type Digest, digestOf } from '../harness/oci.ts';
import { reference } from '../harness/registry.ts';
import { run } from '../harness/run.ts';
import type { Client, ClientKind, Stage } from './client.ts';
import { containersHome } from './containers-home.ts';

/** https://github.com/containers/skopeo/tree/v1.9.3/docs */
async function open(stage: Stage): Promise<Client> {
  const env = await containersHome(stage);
  const skopeo = (...args: readonly string[]): Promise<string> => run(['skopeo', ...args], { env });
  const digestFile = join(stage.directory, 'digest');

  const copy = async (layout: string, target: string): Promise<Digest> => {
    const options = ['--all', '--preserve-digests', '--digestfile', digestFile];
    await skopeo('copy', ...options, `oci:${layout}:fixture`, `docker://${target}`);
    return (await Bun.file(digestFile).text()).trim() as Digest;
  };

  return {
    async login({ username, password }) {
      const command = ['skopeo', 'login', '--username', username, '--password-stdin', stage.host];
      await run(command, { env, stdin: password });
    },

    async pushImage(subject, to, tag) {
      return { digest: await copy(subject.layout, reference(to, tag)), kept: 'everything' };
    },

    async pushIndex(subject, to, tag) {
      return { digest: await copy(subject.layout, reference(to, tag)), kept: 'everything' };
    },

    async pull(from, tag) {
      const path = join(stage.directory, `pulled-${crypto.randomUUID()}`);
      await skopeo(
        'copy',
        '--all',
        '--preserve-digests',
        `docker://${reference(from, tag)}`,
        `oci:${path}:it`,
      );
      return { kind: 'layout', path, scope: 'everything' };
    },

    async configFor(from, tag, architecture) {
      const options = ['--config', '--raw', '--override-arch', architecture];
      return digestOf(await skopeo('inspect', ...options, `docker://${reference(from, tag)}`));
    },

    async tags({ host, name }) {
      const listed = JSON.parse(await skopeo('list-tags', `docker://${host}/${name}`)) as {
        readonly Tags: readonly string[];
      };
      return listed.Tags;
    },

    async remove(image, tag) {
      await skopeo('delete', `docker://${reference(image, tag)}`);
    },
  };
}

export const skopeo: ClientKind = {
  name: 'skopeo',
  programs: ['skopeo'],
  noNestedIndex: 'containers/image copies one level: "received a manifest list instead of a manifest"',
  open,
};
