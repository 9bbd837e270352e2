import { join } from 'node:path';
import type { Subject } from '../fixtures/image.ts';
import { type Descriptor, type Digest, parseManifest } from '../harness/oci.ts';
import { type Image, reference } from '../harness/registry.ts';
import { run } from '../harness/run.ts';
import type { Client, ClientKind, Credentials, Stage } from './client.ts';
import { DockerEngine } from './docker-engine.ts';

const childrenOf = ({ root, contents }: Subject): readonly Descriptor[] =>
  parseManifest(contents.get(root.digest) ?? new Uint8Array()).manifests ?? [];

/**
 * The docker CLI as far as it goes without an engine: `docker login` falls back to talking to the registry itself,
 * and `docker manifest` always does. Pushing and pulling layers is the engine's part, replayed on the wire.
 */
async function open(stage: Stage): Promise<Client> {
  const env = { HOME: stage.directory, DOCKER_CONFIG: join(stage.directory, 'docker') };
  const noEngine = `unix://${join(stage.directory, 'no-engine.sock')}`;
  const docker = (args: readonly string[], stdin?: string): Promise<string> =>
    run(['docker', '--host', noEngine, ...args], { env, ...(stdin === undefined ? {} : { stdin }) });

  /** The engine is given what the CLI stored at login. */
  const engine = async (image: Image): Promise<DockerEngine> => {
    const file = Bun.file(join(env.DOCKER_CONFIG, 'config.json'));
    if (!(await file.exists())) return new DockerEngine(image);
    const stored = (await file.json()) as {
      readonly auths: Readonly<Record<string, { readonly auth: string }>>;
    };
    const [username = '', ...password] = atob(stored.auths[image.host]?.auth ?? '').split(':');
    const credentials: Credentials = { username, password: password.join(':') };
    return new DockerEngine(image, credentials);
  };

  return {
    async login({ username, password }) {
      await docker(['login', '--username', username, '--password-stdin', stage.host], password);
    },

    async pushImage(subject, to, tag) {
      return { digest: await (await engine(to)).push(subject, tag), kept: 'payload' };
    },

    async pushIndex(subject, to, tag) {
      const list = reference(to, tag);
      const members: (readonly [string, string])[] = [];
      for (const child of childrenOf(subject)) {
        const architecture = child.platform?.['architecture'] ?? '';
        const member = `${tag}-${architecture}`;
        await (await engine(to)).push({ root: child, contents: subject.contents }, member);
        members.push([reference(to, member), architecture]);
      }
      await docker(['manifest', 'create', '--insecure', list, ...members.map(([member]) => member)]);
      for (const [member, architecture] of members)
        await docker(['manifest', 'annotate', '--os', 'linux', '--arch', architecture, list, member]);
      const digest = (await docker(['manifest', 'push', '--insecure', '--purge', list])).trim() as Digest;
      await docker(['manifest', 'inspect', '--insecure', '--verbose', list]);
      return { digest, kept: 'payload' };
    },

    async pull(from, tag) {
      const { path } = await (await engine(from)).pull(tag, 'amd64', stage.directory);
      return { kind: 'layout', path, scope: 'platform' };
    },

    async configFor(from, tag, architecture) {
      return (await (await engine(from)).pull(tag, architecture, stage.directory)).config;
    },
  };
}

export const docker: ClientKind = {
  name: 'docker',
  programs: ['docker'],
  noNestedIndex: '`docker manifest create` takes images only',
  open,
};
