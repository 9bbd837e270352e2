import { createHash } from 'node:crypto';
import type { VersionFacts } from '../core/index-kind.ts';
import type { SafetyRules, SafetySubject } from '../core/remote-settings.ts';
import type { SafetyPolicy } from '../core/safety-policy.ts';

/** A repository's rules: asked of names before anything is fetched, and of ages as soon as these are known. */
export class SafetyGate {
  readonly #policy: SafetyPolicy;
  readonly #rules: SafetyRules;
  readonly #aboutNames: SafetyRules;
  readonly #now: () => number;
  /** Whether there is any rule to ask. */
  readonly active: boolean;
  /** Whether it matters how long a version has been out. */
  readonly asksAge: boolean;
  /** Another one for other rules. */
  readonly fingerprint: string;

  constructor(policy: SafetyPolicy, rules: SafetyRules, now: () => number) {
    this.#policy = policy;
    this.#rules = rules;
    this.#aboutNames = { ...rules, minimumReleaseAge: 0 };
    this.#now = now;
    this.asksAge = rules.minimumReleaseAge > 0;
    this.active = this.asksAge || rules.allow.length > 0 || rules.deny.length > 0;
    this.fingerprint = createHash('sha256').update(JSON.stringify(rules)).digest('base64url').slice(0, 12);
  }

  /** Throws the refusal of a name, of whatever age. */
  requireName(subject: SafetySubject): void {
    if (!this.active) return;
    const refusal = this.#policy.refusal(subject, this.#aboutNames, this.#now());
    if (refusal) throw refusal;
  }

  /** Whether anything of a name may come in, of whatever age. */
  admits(subject: SafetySubject): boolean {
    return !this.active || !this.#policy.refusal(subject, this.#aboutNames, this.#now());
  }

  /** Throws the refusal. */
  require(subject: SafetySubject): void {
    if (!this.active) return;
    const refusal = this.#policy.refusal(subject, this.#rules, this.#now());
    if (refusal) throw refusal;
  }

  /**
   * Which entries of an index stay, and when that may change, in milliseconds since the epoch. An index that tells no ages
   * hides nothing for its age: what is young is then refused by itself.
   */
  shown(
    pkg: string,
    facts: readonly VersionFacts[],
  ): { readonly keep: ReadonlySet<string>; readonly until: number } {
    const tellsAges = facts.some(({ publishedAt }) => publishedAt !== undefined);
    const rules = tellsAges ? this.#rules : this.#aboutNames;
    const now = this.#now();
    const keep = new Set<string>();
    let until = Number.POSITIVE_INFINITY;
    for (const { version, publishedAt, entry = version } of facts) {
      const subject = { package: pkg, version, ...(publishedAt !== undefined && { publishedAt }) };
      if (!this.#policy.refusal(subject, rules, now)) keep.add(entry);
      else if (publishedAt !== undefined && publishedAt + rules.minimumReleaseAge > now)
        until = Math.min(until, publishedAt + rules.minimumReleaseAge);
    }
    return { keep, until };
  }
}
