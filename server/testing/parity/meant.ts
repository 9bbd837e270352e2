import { type Answer, type Difference, differences } from './answer.ts';
import type { Probe } from './probes.ts';
import type { Read } from './sample.ts';

/**
 * How a repository has what is asked of it: `warm`, asked before; `cold`, purged; `passed`, keeps nothing; `cut`, asked before
 * and now without its upstream; `own`, no copy; `past`, as it is now and was; `past copy`, the same of a copy.
 */
export type Situation = 'warm' | 'cold' | 'passed' | 'cut' | 'own' | 'past' | 'past copy';

export interface Circumstances {
  readonly situation: Situation;
  readonly probe: Probe;
  readonly read: Read;
  /** What the standard repository answers. */
  readonly status: string;
}

/** A difference to a standard repository that is no defect. */
export interface Meant {
  readonly why: string;
  readonly when?: (circumstances: Circumstances) => boolean;
  readonly fields: readonly string[];
  /** What of both must be the same nevertheless; without it, nothing. */
  readonly same?: (value: string) => string;
}

const among =
  (...situations: readonly Situation[]) =>
  ({ situation }: Circumstances): boolean =>
    situations.includes(situation);
const isNew = among('cold', 'passed', 'past', 'past copy');

/** Of every format. A format's own are with its sample. */
export const MEANT: readonly Meant[] = [
  {
    why: 'a copy says what it is a copy of, and how old it is (RFC 9211, RFC 9111 5.1)',
    when: among('warm', 'cold', 'cut', 'passed', 'past copy'),
    fields: ['cache-status', 'age'],
  },
  {
    why: 'a document has a date when the second is over in which it was made',
    when: isNew,
    fields: ['last-modified'],
  },
  {
    why: 'the address that documents name is longer',
    when: among('past', 'past copy'),
    fields: ['content-length'],
  },
  {
    why: 'what is absent is told to be so as of a time, and why it may be',
    when: (at) => at.status === '404' && (at.situation === 'past' || at.situation === 'past copy'),
    fields: ['body'],
    same: (text) =>
      text.replaceAll(
        / as of [^\s:]+:[^\s:]+:[^\s:]+: it came later, or was deleted and has been purged from the trash/g,
        '',
      ),
  },
  {
    why: 'what a file hashes to is known when it is here, unless it was promised',
    when: (at) => at.situation === 'passed' || (at.situation === 'cold' && at.probe.method === 'HEAD'),
    fields: ['etag'],
  },
  {
    why: 'the runtime does not tell how long a stream is, though it was told (oven-sh/bun#10507)',
    when: among('cold', 'passed'),
    fields: ['content-length', 'transfer-encoding'],
  },
  {
    why: 'that something is not there is remembered for a short time, and then only the upstream knows it',
    when: isAwayForAbsent,
    fields: ['status', 'content-length', 'retry-after'],
  },
  {
    why: 'and so it is an error of another kind, in the same form',
    when: isAwayForAbsent,
    fields: ['body'],
    same: formOf,
  },
];

function isAwayForAbsent({ situation, status }: Circumstances): boolean {
  return situation === 'cut' && status === '404';
}

/** The names in an error's body; one that is text has none. */
function formOf(text: string): string {
  if (!text.startsWith('{')) return 'text';
  return text
    .replaceAll(/"detail":\{[^}]*\}/g, '')
    .replaceAll(/:"(?:[^"\\]|\\.)*"/g, '')
    .replaceAll(',}', '}');
}

/** A question that is answered like a plain one where not enough is known to answer more. */
export const UNCONDITIONAL: readonly Omit<Meant, 'fields'>[] = [
  {
    why: 'documents are compressed, and dated, after they are sent for the first time',
    when: (at) => isNew(at) && (at.probe.name === 'compressed' || at.probe.name === 'if it changed'),
  },
  {
    why: 'a condition on what a file hashes to holds when that is known',
    when: (at) =>
      at.situation === 'passed'
        ? at.probe.name === 'unless there is any'
        : at.situation === 'cold' && at.probe.method === 'HEAD' && at.probe.name === 'unless it is the same',
  },
];

/** Tells which differences are meant, and notes which of those that might be there are. */
export class Judge {
  readonly #meant: readonly Meant[];
  readonly #used = new Set<unknown>();

  constructor(meant: readonly Meant[]) {
    this.#meant = meant;
  }

  /** What is left of the differences. `plain` is what is expected of the same question without conditions. */
  unmeant(
    asked: Omit<Circumstances, 'status'>,
    expected: Answer,
    actual: Answer,
    plain: Answer | undefined,
  ): readonly Difference[] {
    const at = { ...asked, status: expected.get('status') ?? '' };
    const left = this.#left(at, expected, actual);
    const excuse = left.length > 0 && plain && UNCONDITIONAL.find(({ when }) => when?.(at));
    if (!excuse || this.#left(at, plain, actual).length > 0) return left;
    this.#used.add(excuse);
    return [];
  }

  /** Differences that never were there: their reasons are no reasons. */
  unused(of: readonly Omit<Meant, 'fields'>[]): readonly string[] {
    return of.filter((meant) => !this.#used.has(meant)).map(({ why }) => why);
  }

  #left(at: Circumstances, expected: Answer, actual: Answer): readonly Difference[] {
    return differences(expected, actual).filter((difference) => {
      const meant = this.#meant.find((each) => covers(each, at, difference));
      if (meant) this.#used.add(meant);
      return !meant;
    });
  }
}

function covers({ when, fields, same }: Meant, at: Circumstances, difference: Difference): boolean {
  if (!fields.includes(difference.field) || when?.(at) === false) return false;
  const { expected, actual } = difference;
  return !same || (expected !== undefined && actual !== undefined && same(expected) === same(actual));
}
