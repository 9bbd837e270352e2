import type { UpstreamCredentials } from '../core/upstream.ts';

type Fields = Readonly<Record<string, unknown>>;

/** `upstreamCredentials` of a configuration and their secret, as an upstream is asked with them. Nothing where there are none. */
export function upstreamCredentials(shown: unknown, secret: string): UpstreamCredentials | undefined {
  const kinds = fieldsOf(shown);
  const basic = kinds['usernamePasswordCredentials'];
  if (basic !== undefined)
    return { kind: 'basic', username: text(basic, 'username') ?? '', password: secret };
  if (kinds['bearerCredentials'] !== undefined) return { kind: 'bearer', token: secret };
  const exchange = kinds['tokenExchangeCredentials'];
  if (exchange === undefined) return undefined;
  const scope = text(exchange, 'scope');
  return {
    kind: 'token-exchange',
    tokenUri: text(exchange, 'tokenUri') ?? '',
    clientId: text(exchange, 'clientId') ?? '',
    clientSecret: secret,
    ...(scope !== undefined && { scope }),
  };
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? { ...value } : {};

function text(message: unknown, field: string): string | undefined {
  const value = fieldsOf(message)[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The name of the secret that is the password, where somebody else keeps it. */
export const passwordSecretVersion = (shown: unknown): string | undefined =>
  text(fieldsOf(shown)['usernamePasswordCredentials'], 'passwordSecretVersion');
