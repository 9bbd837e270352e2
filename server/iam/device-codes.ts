import { RegistryError } from '../core/error.ts';
import type { Actor } from '../core/audit.ts';
import type { OneTimeStore } from '../core/one-time.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { sha256 } from './tokens.ts';

/** Seconds a person has to enter the code. */
const LIFE_SECONDS = 10 * 60;
/** Seconds between two questions of the device; RFC 8628 section 3.5 adds as many whenever it asks too soon. */
const INTERVAL_SECONDS = 5;
/** No vowels, so no words (RFC 8628 section 6.1). 20^8 codes. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const LETTERS_IN_CODE = 8;

interface DeviceCodesOptions {
  readonly oneTime: OneTimeStore;
  /** Slows down guessing of user codes. */
  readonly throttle: LoginThrottle;
  readonly random: (bytes: number) => Uint8Array;
  readonly now: () => number;
}

/** What a person is shown of the program that waits. */
export interface Waiting {
  readonly peer: string;
  readonly userAgent: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

interface Device extends Waiting {
  readonly answer?: 'denied' | { readonly account: string };
  readonly intervalSeconds: number;
  readonly askedAt?: number;
}

export type DeviceAnswer =
  | { readonly kind: 'pending' | 'too-soon' | 'denied' | 'unknown' }
  | { readonly kind: 'granted'; readonly account: string };

/** Log-ins of programs without a browser, which a person confirms in theirs (RFC 8628). */
export class DeviceCodes {
  readonly #options: DeviceCodesOptions;

  constructor(options: DeviceCodesOptions) {
    this.#options = options;
  }

  async begin({ peer, userAgent = '' }: Actor) {
    const { oneTime, random, now } = this.#options;
    const deviceCode = Buffer.from(random(32)).toString('base64url');
    const userCode = this.#userCode();
    const expiresAt = now() + LIFE_SECONDS * 1000;
    const device: Device = { peer, userAgent, since: now(), intervalSeconds: INTERVAL_SECONDS };
    const added = await oneTime.put('user-code', hashOf(userCode), { device: sha256(deviceCode) }, expiresAt);
    if (!added) throw new RegistryError('UNAVAILABLE', 'UNAVAILABLE', 'try again');
    await oneTime.put('device-code', sha256(deviceCode), { ...device }, expiresAt);
    return { deviceCode, userCode, expiresInSeconds: LIFE_SECONDS, intervalSeconds: INTERVAL_SECONDS };
  }

  /** The program that shows a code; nothing for a code that is none, or no longer one. RESOURCE_EXHAUSTED for guessers. */
  async waiting(userCode: string, account: string, peer: string): Promise<Waiting | undefined> {
    const { oneTime, throttle } = this.#options;
    throttle.admit(account, peer);
    const known = await oneTime.read('user-code', hashOf(userCode));
    if (!known) throttle.failed(account, peer);
    return known && ((await oneTime.read('device-code', String(known['device']))) as Waiting | undefined);
  }

  /** Lets the program in as the account, or not. False when the code is no longer one. */
  async decide(userCode: string, account: string, allow: boolean): Promise<boolean> {
    const { oneTime } = this.#options;
    const taken = await oneTime.take('user-code', hashOf(userCode));
    if (!taken) return false;
    const answer = allow ? { account } : 'denied';
    const told = await oneTime.change('device-code', String(taken['device']), (device) => ({
      payload: { ...device, answer },
      result: true,
    }));
    return told === true;
  }

  /** What the program is told when it asks. A granted one is granted once. */
  async ask(deviceCode: string): Promise<DeviceAnswer> {
    const now = this.#options.now();
    const answer = await this.#options.oneTime.change<DeviceAnswer>(
      'device-code',
      sha256(deviceCode),
      (payload) => {
        const { answer: decided, askedAt = -Infinity, intervalSeconds } = payload as unknown as Device;
        if (decided === 'denied') return { result: { kind: 'denied' } };
        if (decided) return { result: { kind: 'granted', account: decided.account } };
        const tooSoon = askedAt + intervalSeconds * 1000 > now;
        const interval = intervalSeconds + (tooSoon ? INTERVAL_SECONDS : 0);
        return {
          payload: { ...payload, askedAt: now, intervalSeconds: interval },
          result: { kind: tooSoon ? 'too-soon' : 'pending' },
        };
      },
    );
    return answer ?? { kind: 'unknown' };
  }

  #userCode(): string {
    let code = '';
    // 240 is the largest multiple of 20 in a byte: above it some letters would be likelier.
    while (code.length < LETTERS_IN_CODE)
      for (const byte of this.#options.random(LETTERS_IN_CODE))
        if (byte < 240 && code.length < LETTERS_IN_CODE) code += LETTERS[byte % LETTERS.length];
    return `${code.slice(0, 4)}-${code.slice(4)}`;
  }
}

/** However a person writes it: in small letters, without the hyphen, with spaces. */
const hashOf = (userCode: string): string => sha256(userCode.toUpperCase().replaceAll(/[^A-Z]/g, ''));
