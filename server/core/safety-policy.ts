import type { RegistryError } from './error.ts';
import type { SafetyRules, SafetySubject } from './remote-settings.ts';

/** Decides what of another server's content comes in. Asked before anything is fetched, of what is shown, and of what is served. */
export interface SafetyPolicy {
  /** PERMISSION_DENIED with the rule and what to do about it; nothing when it may come in. `now` in milliseconds since the epoch. */
  refusal(subject: SafetySubject, rules: SafetyRules, now: number): RegistryError | undefined;
}
