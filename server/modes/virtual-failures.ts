import { isNotFound, RegistryError } from '../core/error.ts';
import { UPSTREAM_FAILURES } from '../core/upstream.ts';

/** A failure that says which member it is of: the innermost, where virtual repositories are in one another. */
export function failureOf(member: string, thrown: unknown): unknown {
  if (!(thrown instanceof RegistryError) || thrown.details['member'] !== undefined) return thrown;
  const { code, reason, message, headers } = thrown;
  const details = { ...thrown.details, member };
  const words = isOutage(thrown) ? `${member}, a member of this repository, failed: ${message}` : message;
  return new RegistryError(code, reason, words, { details, headers, cause: thrown });
}

/** Whether it is a member that cannot answer, and not one that refuses to. */
const isOutage = (thrown: unknown): boolean =>
  thrown instanceof RegistryError && (thrown.status >= 500 || UPSTREAM_FAILURES.has(thrown.reason));

/** Clients ask without credentials first: whether there is more for who shows some, is said of every name alike. */
export const logInFirst = (): RegistryError =>
  new RegistryError(
    'UNAUTHENTICATED',
    'UNAUTHORIZED',
    'not among what everybody may read here; log in, so that what you may read is looked at, too',
  );

/** Where nobody knows whose a name is, nobody answers for it. */
export const ownershipUnknown = (cause: unknown): RegistryError =>
  new RegistryError(
    'UNAVAILABLE',
    'MEMBER_MISSING',
    'one of the repositories that this one is made of cannot say whether the name is its own; whoever may read all of them is told which',
    { cause },
  );

export const asksToLogIn = (thrown: unknown): boolean =>
  thrown instanceof RegistryError && thrown.code === 'UNAUTHENTICATED';

/** What was heard of members that had nothing to answer. */
export class Silence {
  /** Members that failed, and without which it may be answered. */
  readonly without: string[] = [];
  readonly #answerWithout: boolean;
  #failure: unknown;
  #logIn: unknown;

  constructor({ answerWithout }: { readonly answerWithout: boolean }) {
    this.#answerWithout = answerWithout;
  }

  /** Throws what nobody else may answer in place of. */
  note(member: string, thrown: unknown): void {
    if (isNotFound(thrown)) return;
    if (asksToLogIn(thrown)) {
      this.#logIn ??= thrown;
      return;
    }
    const failure = failureOf(member, thrown);
    if (!this.#answerWithout || !isOutage(failure)) throw failure;
    this.#failure ??= failure;
    this.without.push(member);
  }

  /** Why there is no answer: where a member failed, absence is not known. */
  reason(absent: RegistryError): unknown {
    return this.#failure ?? this.#logIn ?? absent;
  }
}
