import { invalid, RegistryError } from '../../core/error.ts';
import { param, type ServiceRequest, type ServiceRoute } from '../../core/format.ts';
import { parseJsonStrictly } from '../../lib/strict-json.ts';
import { readWhole } from '../../lib/read-whole.ts';

const LARGEST_BODY = 64 * 1024;
/** How CouchDB calls a user, and so do clients. */
const USER = 'org.couchdb.user:';
const NOT_STORED = { 'cache-control': 'no-store' } as const;

const ping: ServiceRoute = {
  methods: ['GET'],
  path: '/-/ping',
  audience: 'anyone',
  run: async () => Response.json({}),
};

const whoami: ServiceRoute = {
  methods: ['GET'],
  path: '/-/whoami',
  audience: 'account',
  run: async ({ principal }) =>
    Response.json({ username: principal.kind === 'anonymous' ? '' : principal.id }, { headers: NOT_STORED }),
};

/** PUT: a log-in with a user name and a password. Whoever is there is not told: GET says what it was asked. */
const user: ServiceRoute = {
  methods: ['GET', 'PUT'],
  path: '/-/user/:user',
  audience: 'anyone',
  ignoresCredentials: true,
  async run(request) {
    const name = userIn(param(request.params, 'user'));
    if (request.method === 'GET') return Response.json({ _id: USER + name, name, email: '' });
    const sent = await loginIn(request);
    if (sent.name !== name)
      throw invalid(
        'BODY_INVALID',
        `the body is of ${JSON.stringify(sent.name)}, and the address of another user`,
      );
    const { secret } = await request.logins.withPassword(name, sent.password).catch((error: unknown) => {
      throw refusal(error);
    });
    return Response.json(
      { ok: `you are logged in as ${name}`, id: USER + name, token: secret },
      { status: 201, headers: NOT_STORED },
    );
  },
};

function userIn(text: string): string {
  if (text.startsWith(USER) && text.length > USER.length) return text.slice(USER.length);
  throw new RegistryError('NOT_FOUND', 'NAME_UNKNOWN', `a user's address ends in ${USER}NAME`);
}

async function loginIn({
  body,
}: ServiceRequest): Promise<{ readonly name: string; readonly password: string }> {
  const text = new TextDecoder().decode(await readWhole(body, LARGEST_BODY, 'the body'));
  try {
    const { name, password } = parseJsonStrictly(text) as Record<string, unknown>;
    if (typeof name === 'string' && typeof password === 'string') return { name, password };
  } catch {
    // The refusal below says it.
  }
  throw invalid('BODY_INVALID', 'the body is a JSON object with a name and a password');
}

/** Nobody is made by this: clients send the same to log in and to sign up. */
function refusal(error: unknown): unknown {
  if (!(error instanceof RegistryError) || error.code !== 'UNAUTHENTICATED') return error;
  return new RegistryError(
    'UNAUTHENTICATED',
    error.reason,
    `${error.message}. Users are made by an administrator; for a service account, put its token into .npmrc`,
    { headers: error.headers },
  );
}

/** POST: begins a log-in in a browser. */
const webLogin: ServiceRoute = {
  methods: ['POST'],
  path: '/-/v1/login',
  audience: 'anyone',
  ignoresCredentials: true,
  async run({ logins, baseUrl }) {
    const { loginUrl, handle } = await logins.begin();
    // In the query, which logs do not have.
    const doneUrl = `${baseUrl}/-/v1/done?${new URLSearchParams({ session: handle }).toString()}`;
    return Response.json({ loginUrl, doneUrl }, { headers: NOT_STORED });
  },
};

/** GET: whether the person has come. */
const webDone: ServiceRoute = {
  methods: ['GET'],
  path: '/-/v1/done',
  audience: 'anyone',
  ignoresCredentials: true,
  async run({ logins, query }) {
    const progress = await logins.ask(query.get('session') ?? '');
    switch (progress.kind) {
      case 'granted':
        return Response.json({ token: progress.token.secret }, { headers: NOT_STORED });
      case 'pending':
        return Response.json(
          {},
          { status: 202, headers: { ...NOT_STORED, 'retry-after': String(progress.retryAfter) } },
        );
      case 'denied':
        throw new RegistryError('PERMISSION_DENIED', 'DENIED', 'the log-in was denied in the browser');
      case 'unknown':
        throw new RegistryError(
          'NOT_FOUND',
          'SESSION_UNKNOWN',
          'the log-in has expired, or was used; begin again',
        );
      default:
        return progress satisfies never;
    }
  },
};

/** DELETE: a log-out. Whoever has a token may end it. */
const token: ServiceRoute = {
  methods: ['DELETE'],
  path: '/-/user/token/:token',
  audience: 'anyone',
  ignoresCredentials: true,
  async run({ logins, params }) {
    await logins.end(param(params, 'token'));
    return Response.json({ ok: true });
  },
};

/** What clients ask of their registry about its users. */
export const accountServices: readonly ServiceRoute[] = [ping, whoami, token, user, webLogin, webDone];
