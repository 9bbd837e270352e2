import type { Act } from '../core/audit.ts';
import { invalid, methodNotAllowed } from '../core/error.ts';
import { actorOf } from './actor.ts';
import type { Fixture } from './front-door.ts';
import { formFields } from './service-plane.ts';
import { oauthError } from './token-endpoint.ts';

interface RevocationParts {
  /** Whose secret it was; nothing for one that is not known. */
  readonly revoke: (secret: string, act: (member: string) => Act) => Promise<string | undefined>;
  readonly now: () => number;
  readonly newId: () => string;
}

const SIGNED = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * POST /revoke (RFC 7009). Whoever has a token may end it; with a token of a log-in the whole log-in ends. A token that
 * is not known is as good as ended.
 */
export const revocation = ({ revoke, now, newId }: RevocationParts): Fixture => ({
  route: '/revoke',
  matches: (path) => path === '/revoke',
  render: oauthError,
  answer: async ({ request, peer }) => {
    if (request.method !== 'POST') throw methodNotAllowed('POST a form to /revoke', ['POST']);
    const fields = await formFields(request);
    const secret = fields.get('token') ?? '';
    if (secret === '') throw invalid('invalid_request', 'token is missing');
    if (SIGNED.test(secret))
      throw invalid(
        'unsupported_token_type',
        'a signed token is not revoked by itself: it ends with the credential that it was got with',
      );
    await revoke(secret, (member) => ({
      id: newId(),
      at: now(),
      actor: { ...actorOf(request, peer()), member },
      type: 'ADMIN_WRITE',
      service: 'admin.googleapis.com',
      method: 'google.admin.AdminService.revokeToken',
      resource: '/',
    }));
    return new Response('{}', {
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' },
    });
  },
});
