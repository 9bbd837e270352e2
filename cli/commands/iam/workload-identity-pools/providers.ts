import type { WorkloadIdentityPoolProvider } from '../../../../contract/client.ts';
import { usage } from '../../../exit.ts';
import { type Command, defineCommand, one } from '../../../grammar/command.ts';
import { type Flag, list as listFlag, map, required, text, toggle } from '../../../grammar/flags.ts';
import { given, masked } from '../../given.ts';
import { bySize } from '../../paging.ts';
import { poolFlag, poolName, providerName } from './pool-name.ts';
import { textOfFile } from '../../../text-file.ts';

const issuerUri = text('URL', 'Issuer, as it stands in the iss of its tokens.');
const attributeMapping = map(
  'ATTRIBUTE=EXPRESSION',
  'What becomes of the claims: google.subject, google.groups and attribute.NAME by CEL expressions over assertion.',
);
const settingFlags = {
  allowedAudiences: listFlag(
    'AUDIENCE',
    'What the aud of a token may be; without it, the full name of the provider: //iam.googleapis.com/projects/….',
  ),
  attributeCondition: text(
    'EXPRESSION',
    'CEL over assertion, google and attribute: tokens for which it is not true are refused.',
  ),
  jwkJsonPath: text('FILE', 'Keys of the issuer (a JSON key set), for one that cannot be asked for them.'),
  displayName: text('NAME', 'Name for people.'),
  description: text('TEXT', 'What the provider is for.'),
  disabled: toggle('Whether its tokens are refused.', { negatable: true }),
  workloadIdentityPool: poolFlag,
};
type ValueOf<F> = F extends Flag<infer T> ? T : never;
type Settings = { readonly [K in keyof typeof settingFlags]: ValueOf<(typeof settingFlags)[K]> } & {
  readonly issuerUri?: string | undefined;
  readonly attributeMapping?: Readonly<Record<string, string>> | undefined;
};

async function providerOf({
  issuerUri: uri,
  allowedAudiences,
  jwkJsonPath,
  attributeMapping: mapping,
  attributeCondition,
  displayName,
  description,
  disabled,
}: Settings): Promise<{ readonly provider: WorkloadIdentityPoolProvider; readonly mask: readonly string[] }> {
  const jwksJson = jwkJsonPath === undefined ? undefined : await contentOf(jwkJsonPath);
  const oidc = given({ issuerUri: uri, allowedAudiences, jwksJson });
  const rest = given({
    attributeMapping: mapping,
    attributeCondition,
    displayName,
    description,
    disabled,
  });
  const mask = [...Object.keys(rest), ...Object.keys(oidc).map((field) => `oidc.${field}`)];
  return { provider: { ...rest, ...(Object.keys(oidc).length > 0 && { oidc }) }, mask };
}

const contentOf = (path: string): Promise<string> => textOfFile(path, '--jwk-json-path: cannot read');

const provider = one('Id or full name of the provider.');

const create = defineCommand({
  path: 'iam workload-identity-pools providers create-oidc',
  summary: 'Believe the tokens of an OpenID Connect issuer, such as a CI system or a cluster.',
  examples: [
    {
      says: 'Workflows of one organization on GitHub:',
      line:
        'entrepot iam workload-identity-pools providers create-oidc github --workload-identity-pool=builds ' +
        '--issuer-uri=https://token.actions.githubusercontent.com ' +
        '--attribute-mapping=google.subject=assertion.sub,attribute.repository=assertion.repository ' +
        '--attribute-condition="assertion.repository_owner == \'octo-org\'"',
    },
    {
      says: 'Pods of a cluster whose keys cannot be asked for from here:',
      line:
        'entrepot iam workload-identity-pools providers create-oidc cluster --workload-identity-pool=builds ' +
        '--issuer-uri=https://kubernetes.default.svc.cluster.local --jwk-json-path=keys.json ' +
        '--attribute-mapping=google.subject=assertion.sub',
    },
  ],
  positionals: { provider: one('Id of the provider: 4 to 32 lower-case letters, digits and hyphens.') },
  flags: {
    ...settingFlags,
    issuerUri: required(issuerUri),
    attributeMapping: required(attributeMapping),
  },
  format: 'none',
  async run({ provider: id, ...settings }, cli) {
    if (settings.workloadIdentityPool === undefined) throw usage('give --workload-identity-pool');
    const parent = await poolName(cli, settings.workloadIdentityPool);
    const { provider: wanted } = await providerOf(settings);
    const client = await cli.client();
    const made = await cli.settled(await client.workloadProviders.create(parent, id, wanted));
    await cli.terminal.notice(`Created workload identity pool provider [${id}].`);
    return made;
  },
});

const list = defineCommand({
  path: 'iam workload-identity-pools providers list',
  summary: 'List the providers of a workload identity pool.',
  flags: { workloadIdentityPool: required(poolFlag) },
  lists: true,
  format:
    'table(name.basename(), displayName:label="DISPLAY NAME", oidc.issuerUri:label="ISSUER", disabled.yesno(yes=True, no=False))',
  async run(args, cli) {
    const parent = await poolName(cli, args.workloadIdentityPool);
    return (await cli.client()).workloadProviders.list(parent, bySize(cli));
  },
});

const describe = defineCommand({
  path: 'iam workload-identity-pools providers describe',
  summary: 'Show a provider.',
  positionals: { provider },
  flags: { workloadIdentityPool: poolFlag },
  format: 'yaml',
  async run(args, cli) {
    const name = await providerName(cli, args.provider, args.workloadIdentityPool);
    return (await cli.client()).workloadProviders.get(name);
  },
});

const update = defineCommand({
  path: 'iam workload-identity-pools providers update-oidc',
  summary: 'Change a provider.',
  description:
    'Changes what is given and nothing else. Whatever changes whom it vouches for ends the tokens that it vouched for.',
  positionals: { provider },
  flags: { ...settingFlags, issuerUri, attributeMapping },
  format: 'none',
  async run({ provider: written, ...settings }, cli) {
    const { provider: change, mask } = await providerOf(settings);
    const options = masked(mask);
    const name = await providerName(cli, written, settings.workloadIdentityPool);
    const client = await cli.client();
    const changed = await cli.settled(await client.workloadProviders.patch(name, change, options));
    await cli.terminal.notice(`Updated workload identity pool provider [${written}].`);
    return changed;
  },
});

const remove = defineCommand({
  path: 'iam workload-identity-pools providers delete',
  summary: 'Delete a provider and the tokens that it vouched for.',
  positionals: { provider },
  flags: { workloadIdentityPool: poolFlag },
  format: 'none',
  async run(args, cli) {
    const name = await providerName(cli, args.provider, args.workloadIdentityPool);
    await cli.terminal.confirm(`Provider [${args.provider}] will be deleted.`);
    await cli.settled(await (await cli.client()).workloadProviders.delete(name));
    await cli.terminal.notice(`Deleted workload identity pool provider [${args.provider}].`);
    return undefined;
  },
});

export const workloadProviderCommands: readonly Command[] = [create, list, describe, update, remove];
