import type { RemoteRepositoryConfig } from '../../contract/schemas/remote.ts';
import { wrongConfig } from './config-refusal.ts';
import { checkCredentials, checkSecret } from './credential-rules.ts';
import { type MaskPath, sameField } from './update-mask.ts';

export type ShownCredentials = NonNullable<RemoteRepositoryConfig['upstreamCredentials']>;
type Fields = Readonly<Record<string, unknown>>;

/** Of each kind of credentials, the field that is its secret and the one that says whether there is one. */
const KINDS = {
  usernamePasswordCredentials: ['password', 'hasPassword'],
  bearerCredentials: ['token', 'hasToken'],
  tokenExchangeCredentials: ['clientSecret', 'hasClientSecret'],
} as const;
export type CredentialsKind = keyof typeof KINDS;
const NAMES = Object.keys(KINDS) as readonly CredentialsKind[];
const AT = 'remoteRepositoryConfig.upstreamCredentials';

interface SplitCredentials {
  readonly shown?: ShownCredentials;
  /** As `WrittenSettings.upstreamSecret`. */
  readonly secret: string | null | undefined;
}

/** Checks credentials and takes their secret out. */
export function splitCredentials(given: ShownCredentials | undefined): SplitCredentials {
  const kinds = NAMES.filter((kind) => given?.[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined) return { secret: null };
  if (kinds.length > 1) throw wrongConfig(AT, `give one kind of credentials, not ${kinds.join(' and ')}`);
  const [secretField, hasField] = KINDS[kind];
  const at = `${AT}.${kind}`;
  const { [secretField]: secret, [hasField]: has, ...rest } = fieldsOf(given?.[kind]);
  const fields = textsOf(rest);
  const isGiven = typeof secret === 'string' && secret !== '';
  checkCredentials(kind, fields, { hasSecret: isGiven || has === true, secretField, at });
  if (isGiven) checkSecret(secret, `${at}.${secretField}`);
  if (fields['passwordSecretVersion'] !== undefined) {
    if (isGiven) throw wrongConfig(at, 'give password or passwordSecretVersion, not both');
    return { shown: { [kind]: fields }, secret: null };
  }
  return { shown: { [kind]: { ...fields, [hasField]: true } }, secret: isGiven ? secret : undefined };
}

/**
 * A change of a repository's credentials as its owner means it: nobody can repeat a secret that is never shown, so one that
 * is there stays where the change says nothing of it.
 */
export function withKeptSecrets(
  before: ShownCredentials | undefined,
  change: ShownCredentials,
): ShownCredentials {
  const kinds = NAMES.filter((kind) => change[kind] !== undefined).map((kind) => {
    const [, hasField] = KINDS[kind];
    const { [hasField]: _, ...said } = fieldsOf(change[kind]);
    const has = fieldsOf(before?.[kind])[hasField];
    return [kind, has === true ? { ...said, [hasField]: true } : said];
  });
  return Object.fromEntries(kinds) as ShownCredentials;
}

/**
 * What is left of credentials after a change: no secret that the mask names without a value, none that would now be sent
 * to another server than it was given for, and of two ways to say a password the newer.
 */
export function afterChange(
  before: ShownCredentials | undefined,
  after: ShownCredentials,
  mask: readonly MaskPath[] | undefined,
): ShownCredentials {
  const kinds = NAMES.filter((kind) => after[kind] !== undefined).map((kind) => {
    const [secretField, hasField] = KINDS[kind];
    const earlier = fieldsOf(before?.[kind]);
    const { [hasField]: has, ...rest } = fieldsOf(after[kind]);
    const isNamed = mask?.some((path) => path.map(sameField).join('.') === `${AT}.${kind}.${secretField}`);
    const isMoved = earlier['tokenUri'] !== rest['tokenUri'];
    const stays = has === true && earlier[hasField] === true && isNamed !== true && !isMoved;
    const { passwordSecretVersion: version, ...others } = rest;
    const isOld = rest['password'] !== undefined && version === earlier['passwordSecretVersion'];
    return [kind, { ...(isOld ? others : rest), ...(stays && { [hasField]: true }) }];
  });
  return Object.fromEntries(kinds) as ShownCredentials;
}

/** The fields that say something. */
const textsOf = (fields: Fields): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fields).filter(
      (field): field is [string, string] => typeof field[1] === 'string' && field[1] !== '',
    ),
  );

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? { ...value } : {};
