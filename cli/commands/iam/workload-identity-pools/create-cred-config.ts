import { writeFile } from 'node:fs/promises';
import { names } from '../../../../contract/names.ts';
import { serviceAccountName } from '../../../../contract/service-accounts.ts';
import { CliError, usage } from '../../../exit.ts';
import { defineCommand, one } from '../../../grammar/command.ts';
import { choice, count, map, required, text } from '../../../grammar/flags.ts';
import { poolFlag, providerName } from './pool-name.ts';

const TYPE = 'urn:ietf:params:oauth:token-type:';

/** google.aip.dev/auth/4117 */
export const createCredConfig = defineCommand({
  path: 'iam workload-identity-pools create-cred-config',
  summary: 'Write a credential configuration: how a program comes by tokens of this server.',
  description:
    'Google’s libraries and this command line read it from GOOGLE_APPLICATION_CREDENTIALS. It holds no secret: it says ' +
    'where the program finds the token that somebody else signs for it.',
  examples: [
    {
      says: 'For a pod whose token is in a file:',
      line:
        'entrepot iam workload-identity-pools create-cred-config ' +
        'projects/my-project/locations/global/workloadIdentityPools/builds/providers/cluster ' +
        '--credential-source-file=/var/run/secrets/tokens/registry --output-file=credentials.json',
    },
  ],
  positionals: { provider: one('Full name of the provider, or its id with --workload-identity-pool.') },
  flags: {
    outputFile: required(text('FILE', 'File to write.')),
    credentialSourceFile: text('FILE', 'Where the program finds its token.'),
    credentialSourceUrl: text('URL', 'Where the program asks for its token.'),
    credentialSourceHeaders: map('NAME=VALUE', 'Headers of that request.'),
    credentialSourceType: choice(['text', 'json'], 'What is found there.', { fallback: 'text' }),
    credentialSourceFieldName: text('NAME', 'Field of the JSON that the token is in.'),
    subjectTokenType: text('TYPE', 'What kind of token it is.', { fallback: `${TYPE}jwt` }),
    serviceAccount: text('EMAIL', 'Service account to act as, by roles/iam.workloadIdentityUser on it.'),
    serviceAccountTokenLifetimeSeconds: count('SECONDS', 'How long tokens of the service account are good.'),
    workloadIdentityPool: poolFlag,
  },
  format: 'none',
  async run(args, cli) {
    const provider = await providerName(cli, args.provider, args.workloadIdentityPool);
    const server = await cli.server();
    const audience = `//iam.googleapis.com/${await numbered(provider)}`;
    const seconds = args.serviceAccountTokenLifetimeSeconds;
    const account = args.serviceAccount;
    if (seconds !== undefined && account === undefined)
      throw usage('--service-account-token-lifetime-seconds goes with --service-account');
    const config = {
      type: 'external_account',
      audience,
      subject_token_type: args.subjectTokenType ?? `${TYPE}jwt`,
      token_url: `${server}/v1/token`,
      credential_source: credentialSource(args),
      ...(account !== undefined && {
        service_account_impersonation_url: `${server}/v1/${serviceAccountName(account)}:generateAccessToken`,
      }),
      ...(seconds !== undefined && { service_account_impersonation: { token_lifetime_seconds: seconds } }),
    };
    await write(args.outputFile, `${JSON.stringify(config, undefined, 2)}\n`);
    await cli.terminal.notice(`Created credential configuration file [${args.outputFile}].`);
    return undefined;

    /** Google’s audiences have the number of the project; whoever may not see it gets along with the id. */
    async function numbered(name: string): Promise<string> {
      const parts = names.workloadProvider.parse(name);
      if (!parts || /^\d+$/.test(parts.project)) return name;
      const client = await cli.client();
      const project = await client.projects
        .get(names.project.format(parts))
        .catch(() => ({ projectNumber: parts.project }));
      return names.workloadProvider.format({ ...parts, project: project.projectNumber ?? parts.project });
    }
  },
});

interface Source {
  readonly credentialSourceFile: string | undefined;
  readonly credentialSourceUrl: string | undefined;
  readonly credentialSourceHeaders: Readonly<Record<string, string>> | undefined;
  readonly credentialSourceType: 'text' | 'json' | undefined;
  readonly credentialSourceFieldName: string | undefined;
}

function credentialSource({
  credentialSourceFile: file,
  credentialSourceUrl: url,
  credentialSourceHeaders: headers,
  credentialSourceType: type,
  credentialSourceFieldName: field,
}: Source) {
  if ((file === undefined) === (url === undefined))
    throw usage('give one of --credential-source-file and --credential-source-url');
  if (headers !== undefined && url === undefined)
    throw usage('--credential-source-headers goes with --credential-source-url');
  if ((type === 'json') !== (field !== undefined))
    throw usage('--credential-source-type=json goes with --credential-source-field-name');
  return {
    ...(file === undefined ? { url } : { file }),
    ...(headers !== undefined && { headers }),
    ...(type !== undefined && {
      format: { type, ...(field !== undefined && { subject_token_field_name: field }) },
    }),
  };
}

async function write(path: string, content: string): Promise<void> {
  await writeFile(path, content, { mode: 0o600 }).catch((cause: unknown) => {
    throw new CliError('usage', `--output-file: cannot write ${path}`, cause);
  });
}
