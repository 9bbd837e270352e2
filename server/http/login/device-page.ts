import { invalid, RegistryError } from '../../core/error.ts';
import { DECISION } from './decision.ts';
import { form } from './form.ts';
import { type Html, html } from './html.ts';
import { alert, page } from './page.ts';
import type { LoginParts, Waiting } from './parts.ts';
import type { SignedIn, Visit } from './visit.ts';

const HERE = '/device';
const UNKNOWN = 'This code is not known, or no longer. Look at it again, or let the program show a new one.';

/** GET /device: where a code from elsewhere is entered (RFC 8628 section 3.3). */
export async function showDevice(visit: Visit, parts: LoginParts): Promise<Response> {
  const code = visit.query.get('user_code') ?? '';
  const signedIn = await visit.signedIn();
  if (!signedIn)
    return visit.redirectToLogin(
      code === '' ? HERE : `${HERE}?${new URLSearchParams({ user_code: code }).toString()}`,
    );
  return codeForm(visit, parts, { signedIn, code });
}

/** POST /device: the code, and then the decision. */
export async function decideDevice(visit: Visit, parts: LoginParts): Promise<Response> {
  const sent = await visit.form();
  const signedIn = await visit.signedIn();
  if (!signedIn) return visit.redirectToLogin(HERE);
  await parts.forms.use(sent.get('token'), HERE, visit.sessionSecret());
  const code = sent.get('user_code') ?? '';
  const decision = sent.get('decision');
  try {
    const waiting = await parts.devices.waiting(code, signedIn.account.id, visit.front.peer());
    if (!waiting) return codeForm(visit, parts, { signedIn, code, says: UNKNOWN, status: 400 });
    if (decision !== 'allow' && decision !== 'deny')
      return confirmation(visit, parts, { signedIn, code, waiting });
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'RESOURCE_EXHAUSTED') throw error;
    const says = 'Too many codes that were not known. Wait a minute.';
    return codeForm(visit, parts, { signedIn, code, says, status: error.status, headers: error.headers });
  }
  const told = await parts.devices.decide(code, signedIn.account.id, decision === 'allow');
  if (!told) throw invalid('CODE_USED', 'this code was answered before, or has expired');
  return done(visit, decision === 'allow');
}

interface FormContent {
  readonly signedIn: SignedIn;
  readonly code: string;
  readonly says?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

function codeForm(
  visit: Visit,
  { forms }: LoginParts,
  { signedIn, code, says, ...answer }: FormContent,
): Response {
  const token = forms.make(HERE, visit.sessionSecret() ?? '');
  const body = html`<h1>Connect a program</h1>
    ${says === undefined ? undefined : alert(says)}
    <p>
      Enter the code that the program shows. You are logged in as <strong>${signedIn.account.id}</strong>.
    </p>
    ${form(HERE, token, codeFields(code))}`;
  return page(visit.origin, { title: 'Connect a program', body, ...answer });
}

const codeFields = (code: string): Html =>
  html`<label for="user_code">Code</label>
    <input
      class="code"
      id="user_code"
      name="user_code"
      value="${code.slice(0, 20)}"
      autocomplete="off"
      autocapitalize="characters"
      spellcheck="false"
      required
      autofocus
    />
    <button>Continue</button>`;

function confirmation(
  visit: Visit,
  { forms, now }: LoginParts,
  {
    signedIn,
    code,
    waiting,
  }: { readonly signedIn: SignedIn; readonly code: string; readonly waiting: Waiting },
): Response {
  const token = forms.make(HERE, visit.sessionSecret() ?? '');
  const body = html`<h1>Let this program in?</h1>
    <p>It will be able to do here whatever <strong>${signedIn.account.id}</strong> can do.</p>
    <dl>
      <dt>Program</dt>
      <dd>${waiting.userAgent === '' ? 'does not say its name' : waiting.userAgent}</dd>
      <dt>Asked from</dt>
      <dd>${waiting.peer}</dd>
      <dt>Asked</dt>
      <dd>${ago(now() - waiting.since)}</dd>
      <dt>Code</dt>
      <dd>${code.toUpperCase()}</dd>
    </dl>
    <p class="hint">
      Only go on if you started it yourself, just now. Nobody will ever need this code from you.
    </p>
    ${form(HERE, token, html`<input type="hidden" name="user_code" value="${code}" />${DECISION}`)}`;
  return page(visit.origin, { title: 'Let this program in?', body });
}

function done(visit: Visit, allowed: boolean): Response {
  const body = allowed
    ? html`<h1>Done</h1>
        <p>The program is logged in. You can close this page.</p>`
    : html`<h1>Refused</h1>
        <p>The program was not let in. You can close this page.</p>`;
  return page(visit.origin, { title: allowed ? 'Done' : 'Refused', body });
}

function ago(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return 'less than a minute ago';
  return minutes === 1 ? 'a minute ago' : `${minutes} minutes ago`;
}
