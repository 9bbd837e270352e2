import { invalid, RegistryError } from '../../core/error.ts';
import type { ServiceRequest, ServiceRoute, ServiceTokens } from '../../core/format.ts';
import { nextLink, pageOf } from './paging.ts';

/** GET /v2/: the client learns that the API is here and how to log in. */
const ping: ServiceRoute = {
  methods: ['GET'],
  path: '/',
  audience: 'account',
  run: async () => Response.json({}),
};

/** GET and POST /v2/token (distribution's token and OAuth 2 specifications). */
const token: ServiceRoute = {
  methods: ['GET', 'POST'],
  path: '/token',
  audience: 'anyone',
  async run(request) {
    const { secret, expiresInSeconds, issuedAt } = await (await asking(request)).registryToken();
    return Response.json(
      {
        token: secret,
        access_token: secret,
        expires_in: expiresInSeconds,
        issued_at: issuedAt.toISOString(),
        token_type: 'Bearer',
      },
      { headers: { 'cache-control': 'no-store' } },
    );
  },
};

async function asking(request: ServiceRequest): Promise<ServiceTokens> {
  const { method, tokens } = request;
  if (method !== 'POST') return tokens;
  const fields = await request.form();
  switch (fields.get('grant_type')) {
    case 'password':
      return tokens.login(fields.get('username') ?? '', fields.get('password') ?? '');
    case 'refresh_token':
      return tokens.login('_token', fields.get('refresh_token') ?? '');
    case null:
      return tokens;
    default:
      throw invalid('UNSUPPORTED', 'grant_type is password or refresh_token');
  }
}

/** GET /v2/_catalog: the images the caller may read, in all repositories of this host. */
const catalog: ServiceRoute = {
  methods: ['GET'],
  path: '/_catalog',
  audience: 'account',
  audit: { method: 'Docker-Catalog', type: 'DATA_READ' },
  async run(request) {
    const page = pageOf(request.query, { usual: 100, most: 1_000 });
    if (page.limit === 0) return Response.json({ repositories: [] });
    const { rows, more } = await request.packages(page);
    const last = rows.at(-1);
    const headers: Record<string, string> =
      more && last !== undefined ? { link: nextLink('/v2/_catalog', page, last) } : {};
    return Response.json({ repositories: rows }, { headers });
  },
};

/** GET …/_oci/ext/discover: which extensions there are (extensions/_oci.md). */
export const noExtensions = async (): Promise<Response> => Response.json({ extensions: [] });

export const services: readonly ServiceRoute[] = [ping, token, catalog];

/** The specification's words for reasons of ours that it has no code for. */
const CODES: Readonly<Record<string, string>> = {
  SIZE_LIMIT: 'SIZE_INVALID',
  BODY_INCOMPLETE: 'SIZE_INVALID',
  METHOD_NOT_ALLOWED: 'UNSUPPORTED',
  READ_ONLY: 'UNSUPPORTED',
  RANGE_INVALID: 'BLOB_UPLOAD_INVALID',
  FILE_UNKNOWN: 'BLOB_UNKNOWN',
  INDEX_UNKNOWN: 'NAME_UNKNOWN',
  URI_TOO_LONG: 'NAME_INVALID',
  UPLOAD_BUSY: 'BLOB_UPLOAD_INVALID',
  // Shown as "denied: …" by every client and retried by none: asking again does not make room.
  QUOTA_EXCEEDED: 'DENIED',
  STORAGE_FULL: 'DENIED',
  STORAGE_READ_ONLY: 'DENIED',
  SERVER_BUSY: 'UNAVAILABLE',
  DATABASE_BUSY: 'UNAVAILABLE',
  DATABASE_BROKEN: 'UNAVAILABLE',
  STORAGE_BUSY: 'UNAVAILABLE',
  STORAGE_FAILED: 'UNAVAILABLE',
  INTERNAL: 'UNKNOWN',
};

/** spec.md, Error Codes; UNKNOWN and UNAVAILABLE are distribution's, and what its clients try again after. */
export const ociError = ({
  reason,
  message,
  details,
}: Pick<RegistryError, 'reason' | 'message' | 'details'>) => ({
  contentType: 'application/json',
  body: JSON.stringify({
    errors: [
      {
        code: CODES[reason] ?? reason,
        message,
        ...(Object.keys(details).length > 0 && { detail: details }),
      },
    ],
  }),
});
