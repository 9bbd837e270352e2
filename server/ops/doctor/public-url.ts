import { ask } from './ask.ts';
import { type Check, fail, type Finding, ok, warn } from './check.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|.*\.localhost)$/;

/** Whether clients that use the address which they are told reach this server, and are sent on to it for tokens. */
export const publicUrl: Check = {
  name: 'public URL',
  async run({ settings, running }) {
    const origin = settings.publicUrl;
    if (origin === undefined) return ok('taken from each request; --public-url sets it');
    const answer = await ask(`${origin}/healthz`);
    if (typeof answer === 'string') {
      const says = `nothing answers at ${origin} (${answer})`;
      if (!running) return ok(`${says}; no server is running here`);
      return warn(
        says,
        'check the name in DNS, the proxy and its certificate, and the way from this machine',
      );
    }
    if (answer.status !== 200 || answer.text.trim() !== 'ok')
      return warn(
        `something else answers at ${origin}: /healthz gives ${answer.status}`,
        'let the proxy pass every path of that host to this server',
      );
    return (await realmOf(origin)) ?? plain(origin) ?? ok(`${origin} is this server's`);
  },
};

/** Docker clients get their tokens where the challenge says, so it must say the same origin. */
async function realmOf(origin: string): Promise<Finding | undefined> {
  const answer = await ask(`${origin}/v2/`);
  if (typeof answer === 'string') return warn(`${origin}/v2/ does not answer (${answer})`, 'check the proxy');
  const realm = /realm="([^"]+)"/.exec(answer.headers.get('www-authenticate') ?? '')?.[1] ?? '';
  if (URL.canParse(realm) && new URL(realm).origin === origin) return undefined;
  return fail(
    realm === ''
      ? `${origin}/v2/ answers ${answer.status} and no challenge, so docker cannot log in`
      : `${origin} sends clients to ${realm} for tokens`,
    'start the server with the same --public-url, and let the proxy pass WWW-Authenticate unchanged',
  );
}

function plain(origin: string): Finding | undefined {
  const { protocol, hostname } = new URL(origin);
  if (protocol === 'https:' || LOOPBACK.test(hostname)) return undefined;
  return warn(
    `${origin} works, but docker asks other machines over https only`,
    'put a certificate on it, or list it under insecure-registries on every client',
  );
}
