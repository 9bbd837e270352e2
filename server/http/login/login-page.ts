import { invalid, RegistryError } from '../../core/error.ts';
import { form } from './form.ts';
import { type Html, html } from './html.ts';
import { localPath } from './local-path.ts';
import { alert, page } from './page.ts';
import type { LoginParts } from './parts.ts';
import type { SignedIn, Visit } from './visit.ts';

const HERE = '/login';
const LOGOUT = '/logout';

/** GET /login */
export async function showLogin(visit: Visit, parts: LoginParts): Promise<Response> {
  const signedIn = await visit.signedIn();
  if (signedIn) return visit.with(welcome(visit, parts, signedIn));
  return loginForm(visit, parts, { to: localPath(visit.query.get('to'), '') });
}

/** POST /login */
export async function logInWithPassword(visit: Visit, parts: LoginParts): Promise<Response> {
  const sent = await visit.form();
  await parts.forms.use(sent.get('token'), HERE, visit.knownBrowser());
  const [username, password] = [sent.get('username')?.trim() ?? '', sent.get('password') ?? ''];
  const to = localPath(sent.get('to'), '');
  try {
    await visit.signIn(await parts.sessions.withPassword(username, password, visit.actor));
    return visit.redirect(to || HERE);
  } catch (error) {
    const { request, peer } = visit.front;
    parts.failedLogin({ request, peer: peer(), username, thrown: error });
    if (!(error instanceof RegistryError) || error.status >= 500) throw error;
    const wrong = error.code === 'UNAUTHENTICATED';
    const says = wrong ? 'the user name or the password is wrong' : error.message;
    return loginForm(visit, parts, { to, username, says, status: error.status, headers: error.headers });
  }
}

/** GET /login/oidc */
export async function sendToProvider(visit: Visit, parts: LoginParts): Promise<Response> {
  const { provider } = parts;
  if (!provider) throw invalid('NO_PROVIDER', 'this server has no log-in provider');
  parts.admit(visit.front.peer());
  const url = await provider.begin({
    browser: visit.browser(),
    to: localPath(visit.query.get('to')),
    redirectUri: `${visit.origin}/login/callback`,
  });
  return visit.redirect(url.href);
}

/** GET /login/callback */
export async function takeFromProvider(visit: Visit, { provider }: LoginParts): Promise<Response> {
  if (!provider) throw invalid('NO_PROVIDER', 'this server has no log-in provider');
  const { session, to } = await provider.finish(visit.query, visit.knownBrowser(), visit.actor);
  await visit.signIn(session);
  return visit.redirect(localPath(to));
}

/** POST /logout */
export async function logOut(visit: Visit, { forms, sessions }: LoginParts): Promise<Response> {
  const sent = await visit.form();
  const signedIn = await visit.signedIn();
  if (signedIn) {
    await forms.use(sent.get('token'), LOGOUT, visit.sessionSecret());
    await sessions.end(signedIn.caller, visit.actor);
  }
  visit.signOut();
  return visit.redirect(HERE);
}

interface FormContent {
  readonly to: string;
  readonly username?: string;
  readonly says?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

function loginForm(
  visit: Visit,
  { forms, provider }: LoginParts,
  { to, username = '', says, ...answer }: FormContent,
): Response {
  const token = forms.make(HERE, visit.browser());
  const onward = to === '' ? '' : `?${new URLSearchParams({ to }).toString()}`;
  const body = html`<h1>Log in</h1>
    ${says === undefined ? undefined : alert(says)}
    ${provider && html`<a class="button" href="/login/oidc${onward}">Log in with ${provider.name}</a>`}
    ${provider && html`<p class="or">or</p>`}
    ${form(HERE, token, fields(to, username, provider !== undefined))}`;
  return visit.with(page(visit.origin, { title: 'Log in', body, ...answer }));
}

const fields = (to: string, username: string, isSecond: boolean): Html =>
  html`<input type="hidden" name="to" value="${to}" />
    <label for="username">User name</label>
    <input
      id="username"
      name="username"
      value="${username}"
      autocomplete="username"
      autocapitalize="none"
      spellcheck="false"
      required
      ${focused(username === '')}
    />
    <label for="password">Password</label>
    <input
      id="password"
      name="password"
      type="password"
      autocomplete="current-password"
      required
      ${focused(username !== '')}
    />
    <button ${isSecond ? html`class="quiet"` : undefined}>Log in</button>`;

const focused = (yes: boolean): Html | undefined => (yes ? html`autofocus` : undefined);

function welcome(visit: Visit, { forms }: LoginParts, { account }: SignedIn): Response {
  const to = localPath(visit.query.get('to'), '');
  const token = forms.make(LOGOUT, visit.sessionSecret() ?? '');
  const body = html`<h1>You are logged in</h1>
    <p>This browser is logged in as <strong>${account.id}</strong>.</p>
    ${to === '' ? undefined : html`<a class="button" href="${to}">Continue</a>`}
    ${form(LOGOUT, token, html`<button class="quiet">Log out</button>`)}`;
  return page(visit.origin, { title: 'Logged in', body });
}
