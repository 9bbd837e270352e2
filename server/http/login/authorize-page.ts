import {
  answerUri,
  type AuthorizationRequest,
  authorizationRequest,
  CLIENTS,
} from './authorization-request.ts';
import { DECISION } from './decision.ts';
import { form } from './form.ts';
import { html } from './html.ts';
import { page } from './page.ts';
import type { LoginParts } from './parts.ts';
import type { Visit } from './visit.ts';

export const AUTHORIZE = '/authorize';

/** GET /authorize: asks the person, who logs in first if need be (RFC 6749 section 4.1, RFC 8252). */
export async function showAuthorization(visit: Visit, { forms }: LoginParts): Promise<Response> {
  const request = authorizationRequest(visit.query);
  const signedIn = await visit.signedIn();
  const here = `${AUTHORIZE}?${visit.query.toString()}`;
  if (!signedIn) return visit.redirectToLogin(here);
  const token = forms.make(purpose(request), visit.sessionSecret() ?? '');
  const { origin } = new URL(request.redirectUri);
  const body = html`<h1>Let this program in?</h1>
    <p>
      ${CLIENTS[request.clientId]} on this computer wants to log in. It will be able to do here whatever
      <strong>${signedIn.account.id}</strong> can do.
    </p>
    ${form(here, token, DECISION)}`;
  return page(visit.origin, { title: 'Let this program in?', body, formTarget: origin });
}

/** POST /authorize, with the same query */
export async function decideAuthorization(visit: Visit, parts: LoginParts): Promise<Response> {
  const sent = await visit.form();
  const request = authorizationRequest(visit.query);
  const signedIn = await visit.signedIn();
  await parts.forms.use(sent.get('token'), purpose(request), visit.sessionSecret());
  if (!signedIn) return visit.redirect('/login');
  if (sent.get('decision') !== 'allow')
    return visit.redirect(answerUri(request, visit.origin, { error: 'access_denied' }));
  const { clientId, redirectUri, challenge } = request;
  const agreed = { account: signedIn.account.id, clientId, redirectUri, challenge };
  const code = await parts.authorizationCode(agreed);
  return visit.redirect(answerUri(request, visit.origin, { code }));
}

/** The form is good for this program's question alone. */
const purpose = (request: AuthorizationRequest): string => `${AUTHORIZE} ${JSON.stringify(request)}`;
