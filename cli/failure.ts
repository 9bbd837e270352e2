import { ApiError } from '../contract/api-error.ts';
import { CliError, type ExitName } from './exit.ts';
import { harmless } from './output/harmless.ts';

/** The exit for each google.rpc code; other codes are plain failures. */
const EXITS: Readonly<Record<string, ExitName>> = {
  NOT_FOUND: 'notFound',
  PERMISSION_DENIED: 'denied',
  UNAUTHENTICATED: 'denied',
  ALREADY_EXISTS: 'conflict',
  ABORTED: 'conflict',
  FAILED_PRECONDITION: 'conflict',
  UNAVAILABLE: 'unavailable',
  RESOURCE_EXHAUSTED: 'unavailable',
  DEADLINE_EXCEEDED: 'unavailable',
  DATA_LOSS: 'integrity',
};

/** Any failure in words for the person and a code for the script. `server` is the one that was talked to. */
export function failureOf(thrown: unknown, server: string): CliError {
  if (thrown instanceof CliError) return thrown;
  if (thrown instanceof ApiError) return new CliError(exitOf(thrown), sentence(thrown, server), thrown);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new CliError('failed', reason, thrown);
}

function exitOf({ code, status }: ApiError): ExitName {
  return EXITS[code] ?? (status === 404 ? 'notFound' : 'failed');
}

function sentence(error: ApiError, server: string): string {
  if (error.reason === 'NO_ANSWER') return noAnswer(server, error.cause);
  if (error.code === 'UNAUTHENTICATED')
    return `${plain(error.message).replace(/\.+$/, '')}; log in with "entrepot auth login"`;
  const { values } = error.details;
  const instead = values === undefined ? '' : `; it can be ${plain(values)}`;
  if (error.code !== 'UNKNOWN') return `${plain(error.message)}${instead}`;
  return `${server} answered ${error.status} without a reason; is it an Entrepot server? See --server.`;
}

/** Why nothing came back, and the ways out: start a server, point elsewhere, or trust its certificate. */
export function noAnswer(server: string, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const elsewhere = 'name another with --server, ENTREPOT_SERVER or "entrepot config set server URL"';
  const tried = `cannot reach a server at ${server} (${REASONS[code] ?? (code || 'no answer')})`;
  if (/CERT|SIGNATURE|ISSUER/.test(code))
    return `${tried}; put the certificate of its authority in a file and name that file in NODE_EXTRA_CA_CERTS`;
  if (code === 'EPROTO') return `${tried}; does it speak https? Else write http:// in front, or ${elsewhere}`;
  if (code === 'ENOTFOUND') return `${tried}; look for a misspelling, or ${elsewhere}`;
  return `${tried}; start one with "entrepot serve", or ${elsewhere}`;
}

const REASONS: Readonly<Record<string, string>> = {
  ConnectionRefused: 'connection refused',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'it closed the connection',
  ENOTFOUND: 'there is no such host',
  EPROTO: 'the TLS handshake failed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
};

/** Words of a server as one line that cannot steer the terminal. */
const plain = (text: string): string => harmless(text).replaceAll(/\s+/g, ' ').trim();
