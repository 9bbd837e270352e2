import { invalid } from '../../core/error.ts';
import type { Federated } from '../../core/iam.ts';
import { type Grant, type GrantRequest, required } from '../../core/oauth.ts';
import { scopeOfGoogles, scopeWords } from '../google-scopes.ts';
import type { Tokens } from '../tokens.ts';
import { tokenAct } from './token-act.ts';

/** Google's; the token that is exchanged may live much shorter, and a push longer than that. */
const SECONDS = 3600;
const TYPE = 'urn:ietf:params:oauth:token-type:';
const ACCESS_TOKEN = `${TYPE}access_token`;
const TAKEN = new Set([`${TYPE}jwt`, `${TYPE}id_token`]);

interface TokenExchangeParts {
  readonly federation: { identify(audience: string, token: string): Promise<Federated> };
  readonly tokens: Pick<Tokens, 'issue'>;
  readonly now: () => number;
  readonly newId: () => string;
}

/**
 * RFC 8693, as Google's Security Token Service does it (cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token):
 * a token of another issuer for a short one of ours. As there, it may be exchanged again as long as it is good.
 */
export const tokenExchangeGrant = (parts: TokenExchangeParts): Grant => ({
  type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  async run(request) {
    checkTypes(request);
    const [audience, token] = [required(request, 'audience'), required(request, 'subject_token')];
    const of = await parts.federation.identify(audience, token);
    const scope = scopeOfGoogles(scopeWords(request.field('scope')));
    const issued = await parts.tokens.issue(
      { kind: 'federated', of, seconds: SECONDS, ...(scope && { scope }) },
      tokenAct(parts, request.actor, of.id, of.id),
    );
    return {
      access_token: issued.secret,
      issued_token_type: ACCESS_TOKEN,
      token_type: 'Bearer',
      expires_in: issued.expiresInSeconds,
    };
  },
});

function checkTypes(request: GrantRequest): void {
  const subject = required(request, 'subject_token_type');
  if (!TAKEN.has(subject))
    throw invalid('invalid_request', `subject_token_type is one of ${[...TAKEN].join(', ')}`);
  const requested = request.field('requested_token_type') ?? ACCESS_TOKEN;
  if (requested !== ACCESS_TOKEN)
    throw invalid('invalid_request', `requested_token_type is ${ACCESS_TOKEN}, or left out`);
  if (request.field('actor_token') !== undefined)
    throw invalid('invalid_request', 'there is no acting for others here: leave actor_token out');
}
