import type { ServiceAccountKey } from '../../../../contract/client.ts';
import { usage } from '../../../exit.ts';
import { type Command, defineCommand, one } from '../../../grammar/command.ts';
import { choice } from '../../../grammar/flags.ts';
import { iamAccount, keyNameOf, nameOf } from './account.ts';
import { secretFile } from './secret-file.ts';
import { textOfFile } from '../../../text-file.ts';

const EXAMPLE = 'builder@my-project.iam.gserviceaccount.com';

const key = one('Id of the key.');
const flags = { iamAccount };
const idOf = ({ name = '' }: ServiceAccountKey): string => name.slice(name.lastIndexOf('/') + 1);

const create = defineCommand({
  path: 'iam service-accounts keys create',
  summary: 'Make a key for a service account and write its key file.',
  description:
    'The file is all that is needed to be the account: it is written for you alone to read, and the server keeps no ' +
    "copy of what is secret in it. Google's libraries take it in GOOGLE_APPLICATION_CREDENTIALS; docker login " +
    'takes it as the password of _json_key.',
  examples: [
    {
      says: 'A key for a build:',
      line: `entrepot iam service-accounts keys create key.json --iam-account=${EXAMPLE}`,
    },
    {
      says: 'A log-in of docker with it:',
      line: 'docker login -u _json_key --password-stdin localhost:8080 < key.json',
    },
  ],
  positionals: { outputFile: one('File to write, which must not exist; - for standard output.') },
  flags: {
    ...flags,
    keyFileType: choice(['json'], 'What kind of file.', { fallback: 'json' }),
  },
  format: 'none',
  async run({ outputFile, iamAccount: of }, cli) {
    const parent = nameOf(of);
    const client = await cli.client();
    await using file = outputFile === '-' ? undefined : await secretFile(outputFile);
    const { privateKeyData = '', ...made } = await client.serviceAccountKeys.create(parent);
    const content = Buffer.from(privateKeyData, 'base64').toString();
    await (file ? file.write(`${content}\n`) : cli.io.stdout.write(`${content}\n`));
    await cli.terminal.notice(`created key [${idOf(made)}] of type [json] as [${outputFile}] for [${of}]`);
    return file && made;
  },
});

const list = defineCommand({
  path: 'iam service-accounts keys list',
  summary: 'List the keys of a service account.',
  flags,
  lists: true,
  format:
    'table(name.basename():label=KEY_ID, keyOrigin:label=ORIGIN, validAfterTime:label=CREATED_AT, ' +
    'validBeforeTime:label=EXPIRES_AT, disabled.yesno(yes=True, no=""):label=DISABLED)',
  async run({ iamAccount: of }, cli) {
    const client = await cli.client();
    return client.serviceAccountKeys.list(nameOf(of));
  },
});

const remove = defineCommand({
  path: 'iam service-accounts keys delete',
  summary: 'Delete a key; whatever was got with it ends at once.',
  positionals: { key },
  flags,
  format: 'none',
  async run({ key: id, iamAccount: of }, cli) {
    const name = keyNameOf(id, of);
    await cli.terminal.confirm(`Key [${id}] of service account [${of}] will be deleted.`);
    const client = await cli.client();
    await client.serviceAccountKeys.delete(name);
    await cli.terminal.notice(`deleted key [${id}] for service account [${of}]`);
    return undefined;
  },
});

const switching = (verb: 'disable' | 'enable', done: string, summary: string): Command =>
  defineCommand({
    path: `iam service-accounts keys ${verb}`,
    summary,
    positionals: { key },
    flags,
    format: 'none',
    async run({ key: id, iamAccount: of }, cli) {
      const client = await cli.client();
      await client.serviceAccountKeys[verb](keyNameOf(id, of));
      await cli.terminal.notice(`${done} key [${id}] for service account [${of}]`);
      return undefined;
    },
  });

const upload = defineCommand({
  path: 'iam service-accounts keys upload',
  summary: 'Give a service account a public key, whose private key never leaves the machine that made it.',
  examples: [
    {
      says: 'Make a key yourself:',
      line: 'openssl req -x509 -newkey rsa:2048 -nodes -keyout private.pem -out public.pem -subj /CN=builder',
    },
    {
      says: 'And give its public half to an account:',
      line: `entrepot iam service-accounts keys upload public.pem --iam-account=${EXAMPLE}`,
    },
  ],
  positionals: { publicKeyFile: one('PEM file: an X.509 certificate, or an RSA public key.') },
  flags,
  format: 'yaml',
  async run({ publicKeyFile, iamAccount: of }, cli) {
    const pem = await textOfFile(publicKeyFile);
    if (pem.includes('PRIVATE KEY'))
      throw usage(`${publicKeyFile} holds a private key, which is not for the server; give the public half`);
    const client = await cli.client();
    return client.serviceAccountKeys.upload(nameOf(of), Buffer.from(pem).toString('base64'));
  },
});

export const serviceAccountKeyCommands: readonly Command[] = [
  create,
  list,
  remove,
  switching('disable', 'disabled', 'Refuse a key, and end what was got with it, until it is enabled.'),
  switching('enable', 'enabled', 'Take a key again.'),
  upload,
];
