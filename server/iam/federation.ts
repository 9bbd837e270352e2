import { isDeepStrictEqual } from 'node:util';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { invalid, RegistryError } from '../core/error.ts';
import {
  memberPrefixes,
  type ProviderConfig,
  providerName,
  type ProviderReader,
  type ProviderRules,
  type StandingProvider,
} from '../core/federation.ts';
import type { Federated } from '../core/iam.ts';
import { IssuerKeys, parseKeySet } from './federation-keys.ts';
import {
  type ClaimMapper,
  ClaimMappers,
  type Claims,
  type MappedIdentity,
  MappingFailure,
} from './federation-mapping.ts';
import type { Outbound } from '../core/outbound.ts';

interface FederationOptions {
  readonly providers: ProviderReader;
  readonly outbound: Outbound;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384'];
const LEEWAY_SECONDS = 60;
/** As with Google: a token is not good for longer than this after it was made. */
const LONGEST_LIFE_SECONDS = 24 * 3600;
/** Bytes of claims. */
const LARGEST = 16 * 1024;
const MOST_COMPILED = 1_000;

/** Believes what other issuers sign, as far as the providers of a pool say that they may be believed. */
export class Federation implements ProviderRules {
  readonly #options: FederationOptions;
  readonly #keys: IssuerKeys;
  readonly #mappers = new ClaimMappers();
  readonly #compiled = new Map<string, Promise<ClaimMapper>>();

  constructor(options: FederationOptions) {
    this.#options = options;
    this.#keys = new IssuerKeys(options);
  }

  async check(config: ProviderConfig): Promise<void> {
    await this.#mappers.compile(config);
    const { jwksJson } = config.oidc;
    if (jwksJson === undefined) return;
    try {
      parseKeySet(jwksJson);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw invalid(
        'WORKLOAD_PROVIDER_INVALID',
        `Request contains an invalid argument: oidc.jwks_json: ${why}.`,
        {
          field: 'oidc.jwks_json',
        },
      );
    }
  }

  /**
   * Whom a token stands for. Refusals are in RFC 6749's words. Strangers learn nothing of which providers there are:
   * only who holds a token that the provider's issuer has signed is told what is wrong with it.
   */
  async identify(audience: string, token: string): Promise<Federated> {
    const claimed = readUnverified(token);
    const provider = this.#providerAt(audience);
    if (!provider || claimed['iss'] !== provider.config.oidc.issuerUri) throw notVouchedFor();
    const claims = await this.#verified(provider, token);
    const identity = await this.#mapped(provider, claims);
    // The issuer may have taken its time to give its keys.
    if (!isDeepStrictEqual(this.#providerAt(audience), provider)) throw notVouchedFor();
    return federated(provider, identity);
  }

  #providerAt(audience: string): StandingProvider | undefined {
    const [, project = '', pool = '', provider = ''] =
      /^(?:https?:)?\/\/[^/]+\/projects\/([^/]+)\/locations\/global\/workloadIdentityPools\/([^/]+)\/providers\/([^/]+)$/.exec(
        audience,
      ) ?? [];
    if (provider === '')
      throw invalid(
        'invalid_request',
        'audience names a provider: //iam.googleapis.com/projects/NUMBER/locations/global/' +
          'workloadIdentityPools/POOL/providers/PROVIDER',
      );
    return this.#options.providers.provider(project, pool, provider);
  }

  async #verified(provider: StandingProvider, token: string): Promise<Claims> {
    const { oidc } = provider.config;
    const now = this.#options.now();
    try {
      const { payload } = await jwtVerify(token, this.#keys.keysOf(oidc), {
        algorithms: ALGORITHMS,
        issuer: oidc.issuerUri,
        audience: [...audiencesOf(provider)],
        clockTolerance: LEEWAY_SECONDS,
        requiredClaims: ['iss', 'aud', 'exp', 'iat'],
        // With it, jose looks at iat, too.
        maxTokenAge: LONGEST_LIFE_SECONDS,
        currentDate: new Date(now),
      });
      return payload;
    } catch (error) {
      throw refusalOf(error);
    }
  }

  async #mapped({ config }: StandingProvider, claims: Claims): Promise<MappedIdentity> {
    try {
      return (await this.#mapper(config))(claims);
    } catch (error) {
      if (!(error instanceof MappingFailure)) throw error;
      throw invalid(
        error.condition ? 'unauthorized_client' : 'invalid_grant',
        `the subject token is refused: ${error.message}`,
      );
    }
  }

  #mapper(config: ProviderConfig): Promise<ClaimMapper> {
    const key = JSON.stringify([config.attributeMapping, config.attributeCondition]);
    const known = this.#compiled.get(key);
    if (known) return known;
    if (this.#compiled.size >= MOST_COMPILED) this.#compiled.clear();
    const compiled = this.#mappers.compile(config);
    this.#compiled.set(key, compiled);
    return compiled;
  }
}

/** What a token says of itself, before anything of it is believed. */
function readUnverified(token: string): Claims {
  const size = Buffer.byteLength(token.split('.')[1] ?? '', 'base64url');
  if (size > LARGEST) throw refused(`its claims are larger than ${LARGEST} bytes`);
  try {
    const { alg = 'none' } = decodeProtectedHeader(token);
    if (!ALGORITHMS.includes(alg))
      throw refused(`it is signed with ${alg.slice(0, 20)}; possible are ${ALGORITHMS.join(', ')}`);
    return decodeJwt(token);
  } catch (error) {
    throw error instanceof RegistryError ? error : refused('it is not a JWT', error);
  }
}

/** Google's names of the provider; its project by number, or as it is called here by its id. */
function audiencesOf(provider: StandingProvider): readonly string[] {
  const { allowedAudiences } = provider.config.oidc;
  if (allowedAudiences.length > 0) return allowedAudiences;
  return [provider.projectNumber, provider.project].flatMap((project) => {
    const name = `//iam.googleapis.com/${providerName({ ...provider, project })}`;
    return [name, `https:${name}`];
  });
}

function federated(provider: StandingProvider, { subject, groups, attributes }: MappedIdentity): Federated {
  const { one, several } = memberPrefixes(provider.projectNumber, provider.pool);
  const sets = Object.entries(attributes).flatMap(([name, value]) =>
    value === '' ? [] : [`${several}attribute.${name}/${value}`],
  );
  return {
    id: `${one}subject/${subject}`,
    belongsTo: [`${several}*`, ...groups.map((group) => `${several}group/${group}`), ...sets],
    provider: providerName(provider),
  };
}

function refusalOf(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof errors.JWTExpired) return refused('it has expired', error);
  if (error instanceof errors.JWTClaimValidationFailed)
    return refused(CLAIMS[error.claim] ?? `its ${error.claim} is missing or not good`, error);
  return notVouchedFor(error);
}

const CLAIMS: Readonly<Record<string, string>> = {
  aud: 'its audience (aud) is not one that the provider takes',
  nbf: 'it is not good yet (nbf)',
  iat: 'it has no time of issue (iat), or one that is to come',
  exp: 'it has no time of expiry (exp)',
};

const refused = (why: string, cause?: unknown): RegistryError =>
  new RegistryError('INVALID_ARGUMENT', 'invalid_grant', `the subject token is refused: ${why}`, { cause });

const notVouchedFor = (cause?: unknown): RegistryError =>
  new RegistryError(
    'INVALID_ARGUMENT',
    'invalid_grant',
    'the subject token is not accepted: there is no such provider, it is disabled, or the token is not signed by its issuer',
    { cause },
  );
