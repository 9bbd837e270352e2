import { join } from 'node:path';
import type { Digest } from '../harness/oci.ts';
import { reference } from '../harness/registry.ts';
import { run } from '../harness/run.ts';
import type { Client, ClientKind, Stage } from './client.ts';
import { containersHome } from './containers-home.ts';

/** https://github.com/containers/buildah/tree/v1.28.2/docs, with chroot isolation and the vfs storage driver. */
async function open(stage: Stage): Promise<Client> {
  const env = await containersHome(stage);
  const buildah = async (...args: readonly string[]): Promise<string> =>
    (await run(['buildah', ...args], { env })).trim();
  const digestFile = join(stage.directory, 'digest');
  const pushedDigest = async (): Promise<Digest> => (await Bun.file(digestFile).text()).trim() as Digest;

  return {
    async login({ username, password }) {
      const command = ['buildah', 'login', '--username', username, '--password-stdin', stage.host];
      await run(command, { env, stdin: password });
    },

    async pushImage(subject, to, tag) {
      const id = await buildah('pull', '--quiet', `oci:${subject.layout}:fixture`);
      await buildah('push', '--quiet', '--digestfile', digestFile, id, `docker://${reference(to, tag)}`);
      await buildah('rmi', '--force', id);
      return { digest: await pushedDigest(), kept: 'payload' };
    },

    async pushIndex(subject, to, tag) {
      const list = `list-${crypto.randomUUID()}`;
      await buildah('manifest', 'create', list);
      await buildah('manifest', 'add', '--all', list, `oci:${subject.layout}:fixture`);
      const target = `docker://${reference(to, tag)}`;
      await buildah('manifest', 'push', '--all', '--format', 'oci', '--digestfile', digestFile, list, target);
      await buildah('manifest', 'rm', list);
      return { digest: await pushedDigest(), kept: 'payload' };
    },

    async pull(from, tag) {
      const container = await buildah('from', '--quiet', '--pull-always', reference(from, tag));
      const format = '{{.FromImageDigest}} {{.FromImageID}}';
      const [digest, configHex] = (await buildah('inspect', '--format', format, container)).split(' ');
      const path = await buildah('mount', container);
      return { kind: 'unpacked', path, digest: digest as Digest, configDigest: `sha256:${configHex}` };
    },

    async configFor(from, tag, architecture) {
      return `sha256:${await buildah('pull', '--quiet', '--arch', architecture, reference(from, tag))}`;
    },
  };
}

export const buildah: ClientKind = {
  name: 'buildah',
  programs: ['buildah'],
  noNestedIndex: '`buildah manifest add --all` takes the images of an index and drops indexes inside it',
  open,
};
