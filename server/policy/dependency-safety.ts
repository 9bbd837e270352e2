import { RegistryError } from '../core/error.ts';
import type { SafetyRules, SafetySubject } from '../core/remote-settings.ts';
import type { SafetyPolicy } from '../core/safety-policy.ts';
import { type NamePattern, namePattern } from './name-pattern.ts';

const DAY_MS = 86_400_000;

interface Compiled {
  readonly allow: readonly NamePattern[];
  readonly deny: readonly NamePattern[];
  readonly exceptions: readonly NamePattern[];
}

/**
 * A repository's rules about what of its upstream comes in. A rule about versions says nothing of a package as a whole, except
 * that a package of which no version can be allowed is refused with its name.
 */
export class DependencySafety implements SafetyPolicy {
  readonly #compiled = new WeakMap<SafetyRules, Compiled>();

  refusal(subject: SafetySubject, rules: SafetyRules, now: number): RegistryError | undefined {
    const { allow, deny, exceptions } = this.#patterns(rules);
    const denied = deny.find((pattern) => pattern.matches(subject.package, said(subject)));
    if (denied) return refused(subject, 'DENIED_BY_RULE', 'a deny rule of the repository keeps it out');
    if (allow.length > 0 && !allow.some((pattern) => covers(pattern, subject)))
      return refused(subject, 'NOT_ALLOWED_BY_RULE', 'no allow rule of the repository lets it in');
    return tooYoung(subject, rules, exceptions, now);
  }

  #patterns(rules: SafetyRules): Compiled {
    const known = this.#compiled.get(rules);
    if (known) return known;
    const compiled: Compiled = {
      allow: rules.allow.map(namePattern),
      deny: rules.deny.map(namePattern),
      exceptions: rules.minimumReleaseAgeExceptions.map(namePattern),
    };
    this.#compiled.set(rules, compiled);
    return compiled;
  }
}

/** What a rule about versions is held against: a tag is what people call a version of an image. */
const said = ({ version, tag }: SafetySubject): string | undefined => tag ?? version;

/** A package comes in as far as some version of it might. */
const covers = (pattern: NamePattern, subject: SafetySubject): boolean => {
  const version = said(subject);
  return version === undefined
    ? pattern.mayMatch(subject.package)
    : pattern.matches(subject.package, version);
};

function tooYoung(
  subject: SafetySubject,
  { minimumReleaseAge }: SafetyRules,
  exceptions: readonly NamePattern[],
  now: number,
): RegistryError | undefined {
  const version = said(subject);
  if (minimumReleaseAge <= 0 || version === undefined) return undefined;
  if (exceptions.some((pattern) => pattern.matches(subject.package, version))) return undefined;
  const { publishedAt } = subject;
  if (publishedAt === undefined)
    return refused(
      subject,
      'RELEASE_AGE_UNKNOWN',
      `it is not known when it was published, and versions must have been out for ${inWords(minimumReleaseAge)}; ` +
        'an exception of the rule would let it in',
    );
  const from = publishedAt + minimumReleaseAge;
  if (from <= now) return undefined;
  return refused(
    subject,
    'RELEASE_TOO_YOUNG',
    `versions must have been out for ${inWords(minimumReleaseAge)}, and this one is from ${day(publishedAt)}: ` +
      `it can be had from ${day(from)}, or at once with an exception of the rule`,
  );
}

function refused(subject: SafetySubject, reason: string, why: string): RegistryError {
  const version = said(subject);
  const name = version === undefined ? subject.package : `${subject.package}@${version}`;
  return new RegistryError('PERMISSION_DENIED', reason, `${name} is not let in: ${why}`, {
    details: { package: subject.package, ...(version !== undefined && { version }) },
  });
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC');

function inWords(ms: number): string {
  const days = ms / DAY_MS;
  if (days >= 1) return days === 1 ? 'a day' : `${Number(days.toFixed(1))} days`;
  const hours = Math.max(1, Math.round(ms / 3_600_000));
  return hours === 1 ? 'an hour' : `${hours} hours`;
}
