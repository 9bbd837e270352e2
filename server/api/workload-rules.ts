import type { WorkloadIdentityPoolProvider } from '../../contract/schemas/workload-identity.ts';
import { invalid, type RegistryError } from '../core/error.ts';
import type { ProviderConfig, WorkloadText } from '../core/federation.ts';

const ID = /^(?!gcp-)[a-z0-9][a-z0-9-]{2,30}[a-z0-9]$/;
/** Characters. */
const LONGEST = { displayName: 32, description: 256 } as const;
const LONGEST_URL = 2_048;
const MOST_AUDIENCES = 10;
const LONGEST_AUDIENCE = 256;
const LARGEST_KEY_SET = 64 * 1024;
const LONGEST_CONDITION = 4_096;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** The id of a new pool or provider. */
export function checkedId(id: string | undefined, field: string): string {
  if (id !== undefined && ID.test(id)) return id;
  throw refusal(
    `${field} must be 4 to 32 lower-case letters, digits and hyphens, must not begin or end with a hyphen, and must ` +
      'not begin with gcp-',
    field,
  );
}

interface Text {
  readonly displayName?: string;
  readonly description?: string;
  readonly disabled?: boolean;
}

export function checkedText({ displayName = '', description = '', disabled = false }: Text): WorkloadText {
  for (const [field, text] of [
    ['displayName', displayName],
    ['description', description],
  ] as const)
    if (text.length > LONGEST[field])
      throw refusal(`${field} is longer than ${LONGEST[field]} characters`, field);
  return { displayName, description, disabled };
}

/** The shape of a provider's settings; whether its expressions and keys can be used is asked elsewhere. */
export function configOf({
  attributeMapping = {},
  attributeCondition = '',
  oidc,
}: WorkloadIdentityPoolProvider): ProviderConfig {
  if (!oidc) throw refusal('oidc is missing: providers are OpenID Connect issuers', 'oidc');
  const { issuerUri = '', allowedAudiences = [], jwksJson = '' } = oidc;
  checkIssuer(issuerUri);
  if (allowedAudiences.length > MOST_AUDIENCES)
    throw refusal(`oidc.allowed_audiences has more than ${MOST_AUDIENCES} entries`, 'oidc.allowed_audiences');
  if (allowedAudiences.some((audience) => audience === '' || audience.length > LONGEST_AUDIENCE))
    throw refusal(
      `oidc.allowed_audiences has an entry that is empty or longer than ${LONGEST_AUDIENCE} characters`,
      'oidc.allowed_audiences',
    );
  if (jwksJson.length > LARGEST_KEY_SET)
    throw refusal(`oidc.jwks_json is larger than ${LARGEST_KEY_SET} bytes`, 'oidc.jwks_json');
  if (attributeCondition.length > LONGEST_CONDITION)
    throw refusal(
      `attribute_condition is longer than ${LONGEST_CONDITION} characters`,
      'attribute_condition',
    );
  return {
    attributeMapping,
    ...(attributeCondition !== '' && { attributeCondition }),
    oidc: { issuerUri, allowedAudiences, ...(jwksJson !== '' && { jwksJson }) },
  };
}

/** Whoever can change what an issuer says on the way here can be anyone, so it is https. */
function checkIssuer(text: string): void {
  const url = text.length <= LONGEST_URL ? URL.parse(text) : null;
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (url && safe && url.username === '' && url.password === '' && url.search === '' && url.hash === '')
    return;
  throw refusal(
    'oidc.issuer_uri must be an https URL without a query, as it stands in the iss of the tokens; http is possible on ' +
      'this machine only',
    'oidc.issuer_uri',
  );
}

const refusal = (why: string, field: string): RegistryError =>
  invalid('WORKLOAD_IDENTITY_INVALID', `Request contains an invalid argument: ${why}.`, { field });
