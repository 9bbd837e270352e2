import { createHash } from 'node:crypto';
import { invalid } from '../../core/error.ts';
import type { OneTimeStore } from '../../core/one-time.ts';
import type { TokenSealer } from '../../lib/sealed-token.ts';

/** How long a page may lie open before its form is sent. */
const LIFE_MS = 60 * 60_000;

interface FormTokensOptions {
  readonly sealer: TokenSealer;
  readonly oneTime: Pick<OneTimeStore, 'put'>;
  readonly newId: () => string;
  readonly now: () => number;
}

/** Shows that a form was made here, for this browser and this page, and was not sent before. */
export class FormTokens {
  readonly #options: FormTokensOptions;

  constructor(options: FormTokensOptions) {
    this.#options = options;
  }

  /** `browser` is a secret that the browser has in a cookie, and that other sites do not know. */
  make(page: string, browser: string): string {
    const { sealer, newId, now } = this.#options;
    return sealer.seal({ id: newId(), expiresAt: now() + LIFE_MS }, [page, browser]);
  }

  /** FAILED_PRECONDITION for a form that is none of ours, or was sent before, or lay open too long. */
  async use(token: string | null, page: string, browser: string | undefined): Promise<void> {
    const { sealer, oneTime, now } = this.#options;
    const opened = browser === undefined ? undefined : sealer.open(token ?? '', [page, browser]);
    const { id, expiresAt } = (opened ?? { id: '', expiresAt: 0 }) as {
      readonly id: string;
      readonly expiresAt: number;
    };
    const hash = createHash('sha256').update(`form ${id}`).digest('hex');
    if (expiresAt > now() && (await oneTime.put('form', hash, {}, expiresAt))) return;
    throw invalid('FORM_EXPIRED', 'this form has expired or was sent before; open the page again');
  }
}
