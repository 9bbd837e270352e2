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
  if (error.code === 'UNAUTHENTICATED') return `${plain(error.message)}; log in with "entrepot auth login"`;
  if (error.code !== 'UNKNOWN') return plain(error.message);
  return `${server} answered ${error.status} without a reason; is it an Entrepot server? See --server.`;
}

/** Why nothing came back, and the two ways out: start one, or point elsewhere. */
export function noAnswer(server: string, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = code === 'ConnectionRefused' || code === 'ECONNREFUSED' ? 'connection refused' : code;
  const why = reason === '' ? '' : ` (${reason})`;
  return (
    `cannot reach a server at ${server}${why}; start one with "entrepot serve", ` +
    'or name another with --server, ENTREPOT_SERVER or "entrepot config set server URL"'
  );
}

/** Words of a server as one line that cannot steer the terminal. */
const plain = (text: string): string => harmless(text).replaceAll(/\s+/g, ' ').trim();
