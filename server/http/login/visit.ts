import type { Actor } from '../../core/audit.ts';
import { RegistryError } from '../../core/error.ts';
import type { Account, Caller } from '../../core/iam.ts';
import { actorOf } from '../actor.ts';
import type { FrontRequest } from '../front-door.ts';
import { formFields } from '../service-plane.ts';
import { cookie, isOurPage, SESSION, setCookie } from '../session-cookie.ts';
import type { LoginParts, Session } from './parts.ts';

/** Tells one browser from another before anybody logged in with it. Worth nothing by itself. */
const BROWSER = 'entrepot-browser';
const BROWSER_SECONDS = 3600;

export interface SignedIn {
  readonly caller: Caller;
  readonly account: Account;
}

/** One request of a browser for a page. */
export class Visit {
  readonly front: FrontRequest;
  readonly query: URLSearchParams;
  readonly #parts: LoginParts;
  readonly #cookies: string[] = [];

  constructor(front: FrontRequest, parts: LoginParts) {
    this.front = front;
    this.query = new URL(front.request.url).searchParams;
    this.#parts = parts;
  }

  get origin(): string {
    return this.front.origin;
  }
  get actor(): Actor {
    return actorOf(this.front.request, this.front.peer());
  }

  /** A secret that this browser alone has; made up when it has none yet. */
  browser(): string {
    const known = this.knownBrowser();
    if (known !== undefined) return known;
    const made = Buffer.from(this.#parts.random(24)).toString('base64url');
    this.#cookies.push(setCookie(BROWSER, this.origin, made, BROWSER_SECONDS));
    return made;
  }
  knownBrowser(): string | undefined {
    return cookie(this.front.request, BROWSER, this.origin);
  }

  /** Who is logged in with this browser. */
  async signedIn(): Promise<SignedIn | undefined> {
    const caller = await this.#parts.sessions.caller(this.sessionSecret(), this.front.peer());
    if (!caller || caller.principal.kind === 'anonymous') return undefined;
    return { caller, account: caller.principal };
  }
  sessionSecret(): string | undefined {
    return cookie(this.front.request, SESSION, this.origin);
  }

  /** Begins with a session of its own: what the browser had before, whoever put it there, ends. */
  async signIn({ secret, expiresInSeconds }: Session): Promise<void> {
    const before = await this.signedIn();
    if (before) await this.#parts.sessions.end(before.caller, this.actor);
    this.#cookies.push(setCookie(SESSION, this.origin, secret, expiresInSeconds));
  }
  signOut(): void {
    this.#cookies.push(setCookie(SESSION, this.origin, '', 0));
  }

  /** The fields of a form that a page of this server has sent. PERMISSION_DENIED when another's has. */
  async form(): Promise<URLSearchParams> {
    if (!isOurPage(this.front.request, this.origin))
      throw new RegistryError(
        'PERMISSION_DENIED',
        'CROSS_ORIGIN',
        'this form did not come from a page of this server',
      );
    return formFields(this.front.request);
  }

  /** The answer, with the cookies that came up on the way. */
  with(answer: Response): Response {
    for (const line of this.#cookies) answer.headers.append('set-cookie', line);
    return answer;
  }

  /** To the log-in, and from there to a path here. */
  redirectToLogin(then: string): Response {
    return this.redirect(`/login?${new URLSearchParams({ to: then }).toString()}`);
  }

  redirect(to: string): Response {
    return this.with(
      new Response(null, {
        status: 303,
        headers: { location: to, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
      }),
    );
  }
}
