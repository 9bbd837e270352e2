import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../harness/oci.ts';
import { type Finished, succeed } from '../harness/run.ts';
import type { Credentials, Stage } from './client.ts';

export interface Chart {
  readonly name: string;
  readonly version: string;
}

/** https://helm.sh/docs/topics/registries/ */
export interface Helm {
  login(credentials: Credentials): Promise<void>;
  /** Writes a chart with one template and packages it; answers the path of the archive. */
  package(chart: Chart): Promise<string>;
  /** `folder` is what stands before the chart's name. Answers the digest that helm says it pushed. */
  push(archive: string, folder: string): Promise<Digest>;
  /** Answers the path of the archive that was pulled. Without a version: the newest. */
  pull(address: string, version?: string): Promise<string>;
  /** Chart.yaml of the newest version that matches, as helm reads it out of the registry. */
  show(address: string, constraint?: string): Promise<string>;
  /** The manifests that an installation of the newest version would make. */
  render(address: string, release: string): Promise<string>;
}

const versionFlag = (version: string | undefined): readonly string[] =>
  version === undefined ? [] : ['--version', version];

export function openHelm({ host, directory }: Stage): Helm {
  const env = {
    HOME: directory,
    HELM_CACHE_HOME: join(directory, 'cache'),
    HELM_CONFIG_HOME: join(directory, 'config'),
    HELM_DATA_HOME: join(directory, 'data'),
  };
  const finished = (args: readonly string[], stdin?: string): Promise<Finished> =>
    succeed(['helm', ...args], { env, ...(stdin === undefined ? {} : { stdin }) });
  const helm = async (args: readonly string[], stdin?: string): Promise<string> =>
    (await finished(args, stdin)).stdout;

  return {
    async login({ username, password }) {
      const flags = ['--plain-http', '--username', username, '--password-stdin'];
      await helm(['registry', 'login', host, ...flags], password);
    },

    async package({ name, version }) {
      const source = join(directory, 'source', name);
      await mkdir(join(source, 'templates'), { recursive: true });
      const about = {
        apiVersion: 'v2',
        name,
        version,
        description: `${name} for a test`,
        type: 'application',
      };
      await Bun.write(join(source, 'Chart.yaml'), JSON.stringify(about));
      await Bun.write(join(source, 'values.yaml'), 'greeting: hello\n');
      const template = 'kind: ConfigMap\ndata: {says: "{{ .Values.greeting }} {{ .Release.Name }}"}\n';
      await Bun.write(join(source, 'templates', 'greeting.yaml'), template);
      await helm(['package', source, '--destination', directory]);
      return join(directory, `${name}-${version}.tgz`);
    },

    async push(archive, folder) {
      const { stderr } = await finished(['push', '--plain-http', archive, `oci://${folder}`]);
      return (/Digest: (\S+)/.exec(stderr)?.[1] ?? '') as Digest;
    },

    async pull(address, version) {
      const destination = join(directory, `pulled-${crypto.randomUUID().slice(0, 8)}`);
      const flags = ['--plain-http', '--destination', destination, ...versionFlag(version)];
      await mkdir(destination);
      await helm(['pull', `oci://${address}`, ...flags]);
      const [archive = ''] = await Array.fromAsync(new Bun.Glob('*.tgz').scan(destination));
      return join(destination, archive);
    },

    show: (address, constraint) =>
      helm(['show', 'chart', '--plain-http', `oci://${address}`, ...versionFlag(constraint)]),

    render: (address, release) => helm(['template', release, '--plain-http', `oci://${address}`]),
  };
}
