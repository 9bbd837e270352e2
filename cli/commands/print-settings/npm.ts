import { usage } from '../../exit.ts';
import { defineCommand } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { encodedKey } from './encoded-key.ts';
import { repositoryAddress } from './repository-address.ts';

export const printNpmSettings = defineCommand({
  path: 'artifacts print-settings npm',
  summary: 'Print what goes into .npmrc to install from and publish to a repository.',
  description:
    'With --json-key the credentials are in what is printed: put those lines into the .npmrc of your home directory, ' +
    'not into the one of the project, and keep them to yourself.',
  examples: [
    {
      says: 'For a project whose packages all come from one repository:',
      line: 'entrepot artifacts print-settings npm --repository=npm --location=us-central1',
    },
    {
      says: 'For the packages of a scope:',
      line: "entrepot artifacts print-settings npm --repository=npm --scope='@acme'",
    },
    {
      says: 'With the key of a service account, for a program:',
      line: 'entrepot artifacts print-settings npm --repository=npm --json-key=key.json',
    },
  ],
  flags: {
    scope: text('SCOPE', 'Packages that the settings are for, such as @acme; all without it.'),
    jsonKey: text('FILE', 'Key file of a service account to log in with.'),
  },
  format: 'text',
  async run({ scope, jsonKey }, cli) {
    if (scope !== undefined && !/^@[^\s/@:=]+$/.test(scope))
      throw usage(`[${scope}] is not a scope; write one such as @acme`);
    const key = jsonKey === undefined ? undefined : await encodedKey(jsonKey);
    const { url, uri } = await repositoryAddress(cli, 'NPM');
    const lines = [
      '# For the .npmrc of the project:',
      `${scope === undefined ? '' : `${scope}:`}registry=${url}/`,
      `//${uri}/:always-auth=true`,
      ...(key === undefined ? [] : ['', '# For the .npmrc of the home directory:', ...credentials(uri, key)]),
    ];
    return lines.join('\n');
  },
});

/** npm takes a password in Base64, and the password is a key file in Base64. */
const credentials = (uri: string, key: string): readonly string[] => [
  `//${uri}/:_password="${Buffer.from(key).toString('base64')}"`,
  `//${uri}/:username=_json_key_base64`,
  `//${uri}/:email=not.valid@email.com`,
  `//${uri}/:always-auth=true`,
];
