import type { CelInput } from '@bufbuild/cel';
import { invalid } from '../core/error.ts';
import type { ProviderConfig } from '../core/federation.ts';
import type { Cel, ClaimExpression } from './cel.ts';
import { loadCel } from './conditions.ts';
import { PLAIN_TEXT } from './plain-text.ts';

/** What a token's claims come to. */
export interface MappedIdentity {
  readonly subject: string;
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}
export type Claims = Readonly<Record<string, unknown>>;
/** MappingFailure when the claims come to nobody. */
export type ClaimMapper = (claims: Claims) => MappedIdentity;

/** Why claims come to nobody; `condition` when it is by the provider's own condition. */
export class MappingFailure extends Error {
  readonly condition: boolean;

  constructor(message: string, condition = false) {
    super(message);
    this.condition = condition;
  }
}

const SUBJECT = 'google.subject';
const GROUPS = 'google.groups';
const ATTRIBUTE = /^attribute\.([a-z0-9_]{1,100})$/;

/** As the API's reference has them (WorkloadIdentityPoolProvider.attribute_mapping). */
const MOST_ATTRIBUTES = 50;
const LONGEST_EXPRESSION = 2_048;
const LONGEST_SUBJECT = 127;
const MOST_GROUPS = 400;
/** Bytes of all that is mapped. */
const LARGEST = 8 * 1024;
const DEEPEST_CLAIMS = 32;

/** Turns attribute mappings and conditions into functions. CEL is loaded with the first of them. */
export class ClaimMappers {
  #cel: Promise<Cel> | undefined;

  /** INVALID_ARGUMENT, naming the field, for a mapping or a condition that cannot be used. */
  async compile({ attributeMapping, attributeCondition = '' }: ProviderConfig): Promise<ClaimMapper> {
    this.#cel ??= loadCel();
    const cel = await this.#cel;
    const entries = Object.entries(attributeMapping);
    checkKeys(entries);
    const mapped = new Map(entries.map(([key, text]) => [key, mapping(cel, key, text)]));
    const condition = attributeCondition === '' ? undefined : conditionOf(cel, attributeCondition, entries);
    return (claims) => identityOf(mapped, condition, { assertion: celOf(claims) });
  }
}

function checkKeys(entries: readonly (readonly [string, string])[]): void {
  const keys = entries.map(([key]) => key);
  if (!keys.includes(SUBJECT))
    throw refused('attribute_mapping', `${SUBJECT} is missing; map it, for example to assertion.sub`);
  const wrong = keys.find((key) => key !== SUBJECT && key !== GROUPS && !ATTRIBUTE.test(key));
  if (wrong !== undefined)
    throw refused(
      'attribute_mapping',
      `"${wrong.slice(0, 120)}" is not an attribute; there are ${SUBJECT}, ${GROUPS} and attribute.NAME, ` +
        'with at most 100 lower-case letters, digits and underscores for NAME',
    );
  if (keys.filter((key) => ATTRIBUTE.test(key)).length > MOST_ATTRIBUTES)
    throw refused('attribute_mapping', `there are more than ${MOST_ATTRIBUTES} custom attributes`);
}

function mapping(cel: Cel, key: string, text: string): ClaimExpression {
  const field = `attribute_mapping["${key}"]`;
  if (text.length > LONGEST_EXPRESSION)
    throw refused(field, `it has more than ${LONGEST_EXPRESSION} characters`);
  const names = { free: ['assertion'], parts: {} };
  const compiled = cel.claims(text, names, [key === GROUPS ? 'list' : 'string']);
  if (compiled instanceof Error) throw refused(field, compiled.message);
  return compiled;
}

function conditionOf(
  cel: Cel,
  text: string,
  entries: readonly (readonly [string, string])[],
): ClaimExpression {
  const keys = new Set(entries.map(([key]) => key));
  const google = { subject: 'string', ...(keys.has(GROUPS) && { groups: 'list' }) };
  const attributes = [...keys].flatMap((key) => ATTRIBUTE.exec(key)?.[1] ?? []);
  const attribute = Object.fromEntries(attributes.map((name) => [name, 'string']));
  const names = { free: ['assertion'], parts: { google, attribute } };
  const compiled = cel.claims(text, names, ['bool']);
  if (compiled instanceof Error) throw refused('attribute_condition', compiled.message);
  return compiled;
}

function identityOf(
  mapped: ReadonlyMap<string, ClaimExpression>,
  condition: ClaimExpression | undefined,
  assertion: Readonly<Record<'assertion', CelInput>>,
): MappedIdentity {
  let size = 0;
  const attributes: [string, string][] = [];
  const groups: string[] = [];
  let subject = '';
  for (const [key, expression] of mapped) {
    const value = expression(assertion);
    const texts = typeof value === 'string' ? [value] : Array.isArray(value) ? value : undefined;
    if (!texts || Array.isArray(value) !== (key === GROUPS))
      throw new MappingFailure(`its claims do not give ${key}: a claim is missing or of another type`);
    size += texts.reduce((sum, text) => sum + Buffer.byteLength(text), key.length);
    if (size > LARGEST) throw new MappingFailure(`its attributes are larger than ${LARGEST} bytes`);
    const name = ATTRIBUTE.exec(key)?.[1];
    for (const text of texts)
      if (text !== '' && !PLAIN_TEXT.test(text)) throw new MappingFailure(unseen(key));
    if (name !== undefined) attributes.push([name, texts[0] ?? '']);
    else if (key === GROUPS) groups.push(...texts);
    else subject = texts[0] ?? '';
  }
  if (subject === '' || Buffer.byteLength(subject) > LONGEST_SUBJECT)
    throw new MappingFailure(`${SUBJECT} is empty or has more than ${LONGEST_SUBJECT} bytes`);
  if (groups.length > MOST_GROUPS) throw new MappingFailure(`it has more than ${MOST_GROUPS} groups`);
  const identity = {
    subject,
    groups: [...new Set(groups.filter((group) => group !== ''))],
    attributes: Object.fromEntries(attributes),
  };
  const known = { ...assertion, google: { subject, groups }, attribute: new Map(attributes) };
  if (condition && condition(known) !== true)
    throw new MappingFailure('the attribute condition of the provider is not true for it', true);
  return identity;
}

/** Claims as CEL takes them: maps, in which no name means anything special. */
function celOf(value: unknown, depth = 0): CelInput {
  if (depth > DEEPEST_CLAIMS)
    throw new MappingFailure(`its claims are nested more than ${DEEPEST_CLAIMS} deep`);
  if (Array.isArray(value)) return value.map((item) => celOf(item, depth + 1));
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([name, item]) => [name, celOf(item, depth + 1)]));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

const unseen = (key: string): string => `${key} has characters that cannot be seen, or a space at an end`;

const refused = (field: string, why: string) =>
  invalid('WORKLOAD_PROVIDER_INVALID', `Request contains an invalid argument: ${field}: ${why}.`, { field });
