import { join } from 'node:path';
import { any, defineCommand } from '../../grammar/command.ts';
import { usage } from '../../exit.ts';
import { withCredentialHelper } from '../../docker/docker-config.ts';
import { filesOf, readJsonObject, writeJsonObject } from '../../settings/files.ts';

export const configureDocker = defineCommand({
  path: 'auth configure-docker',
  summary: 'Make docker, podman and other container tools take their credentials from here.',
  description:
    'Adds a credential helper for each host to the configuration file of docker ($DOCKER_CONFIG/config.json, or ' +
    '~/.docker/config.json), which podman, buildah, skopeo, crane, oras and helm read too. Whatever else the file ' +
    'holds stays. The helper answers with the login of the server.',
  examples: [
    { says: 'For the host of the server itself:', line: 'entrepot auth configure-docker' },
    {
      says: 'For registry hosts of a server with a domain:',
      line: 'entrepot auth configure-docker us-central1-docker.example.com,europe-docker.example.com',
    },
  ],
  positionals: { hosts: any('Registry hosts, as many as you like. Default: host and port of the server.') },
  format: 'none',
  async run({ hosts }, cli) {
    const server = await cli.server();
    const named = hosts.flatMap((word) => word.split(',')).filter((word) => word !== '');
    const wanted = named.length === 0 ? [new URL(server).host] : named.map(hostOnly);
    const { docker } = filesOf(cli.io);
    await cli.terminal.confirm(`A credential helper for ${wanted.join(', ')} will be written to ${docker}.`);
    await writeJsonObject(docker, withCredentialHelper(await readJsonObject(docker), wanted), 0o600);
    await cli.properties.addRegistryHosts(wanted, server);
    await cli.terminal.notice(`${docker}: credentials of ${wanted.join(', ')} now come from entrepot.`);
    if (Bun.which('docker-credential-entrepot', { PATH: cli.io.env['PATH'] ?? '' }) === null)
      await cli.terminal.warn(
        'docker-credential-entrepot is not in PATH. It is this program under that name, so put a link to it there: ' +
          `ln -s ${self()} ~/.local/bin/docker-credential-entrepot`,
      );
    return { configuration: docker, hosts: wanted };
  },
});

function hostOnly(word: string): string {
  const url = URL.parse(word.includes('://') ? word : `https://${word}`);
  const host = word.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  if (url !== null && url.username === '' && host.toLowerCase() === host && !/[/?#]/.test(host)) return host;
  throw usage(`[${word}] is not a registry host; write one such as localhost:8080`);
}

/** Where a person finds this program: the executable, or the script at the root of a checkout. */
const self = (): string =>
  Bun.isStandaloneExecutable ? process.execPath : join(import.meta.dirname, '..', '..', '..', 'entrepot');
