import { defineCommand } from '../../grammar/command.ts';
import { text } from '../../grammar/flags.ts';
import { encodedKey } from './encoded-key.ts';
import { repositoryAddress } from './repository-address.ts';

/** The user that a key file, in Base64, is the password of. */
const USER = '_json_key_base64';

export const printPythonSettings = defineCommand({
  path: 'artifacts print-settings python',
  summary: 'Print what goes into pip.conf, uv.toml and .pypirc to install from and publish to a repository.',
  description:
    'With --json-key the credentials are in what is printed: keep those files to yourself. Without, pip and uv ask for ' +
    'them; a password is what "entrepot auth print-access-token" prints, of the user oauth2accesstoken.',
  examples: [
    {
      says: 'For a repository that all packages come from:',
      line: 'entrepot artifacts print-settings python --repository=python --location=us-central1',
    },
    {
      says: 'With the key of a service account, for a program:',
      line: 'entrepot artifacts print-settings python --repository=python --json-key=key.json',
    },
  ],
  flags: {
    jsonKey: text('FILE', 'Key file of a service account to log in with.'),
  },
  format: 'text',
  async run({ jsonKey }, cli) {
    const key = jsonKey === undefined ? undefined : await encodedKey(jsonKey);
    const { url } = await repositoryAddress(cli, 'PYTHON');
    const name = url.slice(url.lastIndexOf('/') + 1);
    const index = new URL(`${url}/simple/`);
    if (key !== undefined) [index.username, index.password] = [USER, encodeURIComponent(key)];
    const lines = [
      '# For pip.conf. As extra-index-url beside others, the highest version of any would win, whoever published it:',
      '[global]',
      `index-url = ${index.href}`,
      '',
      '# For uv.toml:',
      '[[index]]',
      `name = "${name}"`,
      `url = "${index.href}"`,
      `publish-url = "${url}/"`,
      'default = true',
      '',
      '# For .pypirc:',
      '[distutils]',
      'index-servers =',
      `    ${name}`,
      '',
      `[${name}]`,
      `repository: ${url}/`,
      ...(key === undefined ? [] : [`username: ${USER}`, `password: ${key}`]),
    ];
    return lines.join('\n');
  },
});
