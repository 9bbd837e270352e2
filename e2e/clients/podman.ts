import { join } from 'node:path';
import type { Digest } from '../harness/oci.ts';
import { reference } from '../harness/registry.ts';
import { run } from '../harness/run.ts';
import type { Client, ClientKind, Stage } from './client.ts';
import { containersHome } from './containers-home.ts';

/** https://docs.podman.io/en/v4.3/Commands.html, without a daemon and with the vfs storage driver. */
async function open(stage: Stage): Promise<Client> {
  const env = await containersHome(stage);
  const podman = async (...args: readonly string[]): Promise<string> =>
    (await run(['podman', ...args], { env })).trim();
  const digestFile = join(stage.directory, 'digest');
  const pushedDigest = async (): Promise<Digest> => (await Bun.file(digestFile).text()).trim() as Digest;

  return {
    async login({ username, password }) {
      const command = ['podman', 'login', '--username', username, '--password-stdin', stage.host];
      await run(command, { env, stdin: password });
    },

    async pushImage(subject, to, tag) {
      const id = await podman('pull', '--quiet', `oci:${subject.layout}:fixture`);
      await podman('push', '--quiet', '--digestfile', digestFile, id, `docker://${reference(to, tag)}`);
      await podman('rmi', '--force', id);
      return { digest: await pushedDigest(), kept: 'payload' };
    },

    async pushIndex(subject, to, tag) {
      const list = `list-${crypto.randomUUID()}`;
      await podman('manifest', 'create', list);
      await podman('manifest', 'add', '--all', list, `oci:${subject.layout}:fixture`);
      const target = `docker://${reference(to, tag)}`;
      await podman('manifest', 'push', '--all', '--format', 'oci', '--digestfile', digestFile, list, target);
      await podman('manifest', 'rm', list);
      return { digest: await pushedDigest(), kept: 'payload' };
    },

    async pull(from, tag) {
      const name = reference(from, tag);
      const configHex = await podman('pull', '--quiet', name);
      const digest = (await podman('image', 'inspect', '--format', '{{.Digest}}', name)) as Digest;
      const path = await podman('image', 'mount', name);
      return { kind: 'unpacked', path, digest, configDigest: `sha256:${configHex}` };
    },

    async configFor(from, tag, architecture) {
      return `sha256:${await podman('pull', '--quiet', '--arch', architecture, reference(from, tag))}`;
    },

    async tags({ host, name }) {
      const [, ...rows] = (await podman('search', '--list-tags', `${host}/${name}`)).split('\n');
      return rows.map((row) => row.trim().split(/\s+/)[1] ?? '');
    },
  };
}

export const podman: ClientKind = {
  name: 'podman',
  programs: ['podman'],
  noNestedIndex: '`podman manifest add --all` takes the images of an index and drops indexes inside it',
  open,
};
