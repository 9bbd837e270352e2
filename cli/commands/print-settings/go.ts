import type { Cli } from '../../context.ts';
import { defineCommand } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { repositoryParts } from '../../resolve.ts';
import { keyFileIn, textOf } from '../../settings/key-file.ts';
import { repositoryAddress } from './repository-address.ts';

export const printGoSettings = defineCommand({
  path: 'artifacts print-settings go',
  summary: 'Print what makes the go command use a repository.',
  description:
    'With --json-key the credentials are in what is printed: put those lines into the .netrc of your home directory, and keep ' +
    'them to yourself. Without, GOAUTH has the go command ask "entrepot artifacts go auth" (Go 1.24 and later).',
  examples: [
    {
      says: 'For a repository that all modules come from:',
      line: 'entrepot artifacts print-settings go --repository=go --location=us-central1',
    },
    {
      says: 'With the key of a service account, for a program:',
      line: 'entrepot artifacts print-settings go --repository=go --json-key=key.json',
    },
  ],
  flags: {
    jsonKey: text('FILE', 'Key file of a service account to log in with.'),
  },
  format: 'text',
  async run({ jsonKey }, cli) {
    const { url } = await repositoryAddress(cli, 'GO');
    const server = new URL(await cli.server());
    const { host } = new URL(url);
    const at = `--server=${server.origin}${host === server.host ? '' : ` ${await flagsOf(cli)}`}`;
    const lines = [
      '# Where modules come from. Behind a comma is where others come from that are not there:',
      `go env -w GOPROXY=${url}`,
      '',
      '# What no public checksum database knows, by the beginnings of its paths; your own modules:',
      'go env -w GONOSUMDB=example.com/team',
      '',
      ...(jsonKey === undefined
        ? [
            '# Credentials, since Go 1.24, and for https only:',
            `go env -w GOAUTH='entrepot artifacts go auth ${at}'`,
          ]
        : [
            '# For the .netrc of the home directory, which the go command uses for https only:',
            `machine ${host} login _json_key_base64 password ${await keyOf(jsonKey)}`,
          ]),
    ];
    return lines.join('\n');
  },
});

async function flagsOf(cli: Cli): Promise<string> {
  const { project, location, repository } = await repositoryParts(cli);
  return `--project=${project} --location=${location} --repository=${repository}`;
}

async function keyOf(path: string): Promise<string> {
  const content = await textOf(path);
  keyFileIn(content, path);
  return Buffer.from(content).toString('base64');
}
