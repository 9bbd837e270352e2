import { invalid, RegistryError } from '../../core/error.ts';
import { type Grant, required } from '../../core/oauth.ts';
import type { OneTimeStore } from '../../core/one-time.ts';
import type { SigningKeys } from '../../core/service-accounts.ts';
import type { Authenticator } from '../authenticator.ts';
import { scopeOfGoogles, scopeWords } from '../google-scopes.ts';
import { LEEWAY_SECONDS, type Signed, signedByKey, Unbelievable } from '../signed-by-key.ts';
import { sha256, type Tokens } from '../tokens.ts';
import { tokenAct } from './token-act.ts';

const SECONDS = 3600;
/** Some of Google's libraries have the address of the token endpoint built in, whatever a key file says. */
const GOOGLE = new Set([
  'https://oauth2.googleapis.com',
  'https://www.googleapis.com',
  'https://accounts.google.com',
]);

interface JwtBearerParts {
  readonly authenticator: Pick<Authenticator, 'caller'>;
  readonly keys: SigningKeys;
  readonly tokens: Pick<Tokens, 'issue'>;
  readonly oneTime: Pick<OneTimeStore, 'put'>;
  readonly now: () => number;
  readonly newId: () => string;
}

/**
 * RFC 7523, as service accounts use it (developers.google.com/identity/protocols/oauth2/service-account): a statement
 * signed with one of their keys for an access token.
 */
export const jwtBearerGrant = (parts: JwtBearerParts): Grant => ({
  type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
  async run(request) {
    const signed = await believed(parts, required(request, 'assertion'));
    checkClaims(signed, request.origin);
    const { account, key, claims } = signed;
    await requireStanding(parts, signed);
    await requireFirstUse(parts, signed);
    const scope = scopeOfGoogles(scopeWords(claims['scope']));
    const seconds = Math.min(SECONDS, Math.floor((key.validBefore - parts.now()) / 1000));
    const actor = { ...request.actor, key: key.id };
    const issued = await parts.tokens.issue(
      { kind: 'service-account', of: account, key: key.id, seconds, ...(scope && { scope }) },
      tokenAct(parts, actor, account, `serviceAccount:${account}`),
    );
    return { access_token: issued.secret, token_type: 'Bearer', expires_in: issued.expiresInSeconds };
  },
});

async function believed(parts: JwtBearerParts, assertion: string): Promise<Signed> {
  try {
    return await signedByKey(parts, assertion);
  } catch (error) {
    if (error instanceof Unbelievable) throw refused(`the assertion is not valid: ${error.message}`);
    throw error;
  }
}

function checkClaims({ account, claims }: Signed, origin: string): void {
  const { sub, aud } = claims;
  if (!(Array.isArray(aud) ? aud : [aud]).some((each) => isTokenEndpoint(each, origin)))
    throw refused(`the assertion is not meant for this server: its aud must be ${origin}/token`);
  if (sub !== undefined && sub !== account)
    throw invalid(
      'unauthorized_client',
      'a service account cannot ask for the token of somebody else: leave sub out, or have it act for the account ' +
        'with iamcredentials generateAccessToken',
    );
  if ('target_audience' in claims)
    throw invalid(
      'invalid_request',
      'this server makes no ID tokens: leave target_audience out and ask for an access token',
    );
}

const isTokenEndpoint = (audience: string | undefined, origin: string): boolean => {
  const url = audience === undefined ? undefined : URL.parse(audience);
  return url !== undefined && url !== null && (url.origin === origin || GOOGLE.has(url.origin));
};

async function requireStanding({ authenticator }: JwtBearerParts, { account, key, claims }: Signed) {
  try {
    await authenticator.caller({ account, key: key.id, expiresAt: claims.exp * 1000 });
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'UNAUTHENTICATED')
      throw refused('the service account or its key is disabled, or the key is not valid at this time');
    throw error;
  }
}

/** Libraries that give no `jti` send the same assertion twice within a second, and mean nothing by it. */
async function requireFirstUse({ oneTime }: JwtBearerParts, { account, claims }: Signed): Promise<void> {
  const { jti, exp } = claims;
  if (jti === undefined) return;
  const until = (exp + LEEWAY_SECONDS) * 1000;
  if (!(await oneTime.put('assertion', sha256(`${account}\n${jti}`), {}, until)))
    throw refused('the assertion was used before: sign a new one with another jti');
}

const refused = (why: string): RegistryError => invalid('invalid_grant', why);
