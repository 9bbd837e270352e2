import { join } from 'node:path';
import { type Digest, digestOf } from '../harness/oci.ts';
import { reference } from '../harness/registry.ts';
import { run } from '../harness/run.ts';
import type { Client, ClientKind, Stage } from './client.ts';

/** https://github.com/google/go-containerregistry/blob/main/cmd/crane/doc/crane.md */
async function open(stage: Stage): Promise<Client> {
  const env = { HOME: stage.directory, DOCKER_CONFIG: join(stage.directory, 'docker') };
  const crane = (...args: readonly string[]): Promise<string> => run(['crane', ...args], { env });

  /** `crane push` answers the reference by digest. */
  const push = async (layout: string, target: string): Promise<Digest> =>
    (await crane('push', layout, target)).trim().split('@')[1] as Digest;

  return {
    async login({ username, password }) {
      const command = ['crane', 'auth', 'login', stage.host, '--username', username, '--password-stdin'];
      await run(command, { env, stdin: password });
      await crane('catalog', stage.host);
    },

    async pushImage(subject, to, tag) {
      return { digest: await push(subject.layout, reference(to, tag)), kept: 'everything' };
    },

    async pushIndex(subject, to, tag) {
      return { digest: await push(subject.layout, reference(to, tag)), kept: 'everything' };
    },

    async pull(from, tag) {
      const path = join(stage.directory, `pulled-${crypto.randomUUID()}`);
      await crane('pull', '--format=oci', reference(from, tag), path);
      return { kind: 'layout', path, scope: 'everything' };
    },

    async configFor(from, tag, architecture) {
      return digestOf(await crane('config', '--platform', `linux/${architecture}`, reference(from, tag)));
    },

    async tags({ host, name }) {
      return (await crane('ls', `${host}/${name}`)).trim().split('\n');
    },

    async remove(image, tag) {
      await crane('delete', reference(image, tag));
    },
  };
}

export const crane: ClientKind = { name: 'crane', programs: ['crane'], open };
