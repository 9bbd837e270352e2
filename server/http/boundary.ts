import { RegistryError } from '../core/error.ts';
import type { ErrorBody } from '../core/format.ts';

export type RenderError = (
  error: Pick<RegistryError, 'code' | 'reason' | 'message' | 'details'>,
) => ErrorBody;

/** For clients that show a person the body as it is. */
export const asText: RenderError = ({ message }) => ({
  contentType: 'text/plain; charset=utf-8',
  body: `${message}\n`,
});

/** Told of every failure that is ours; answers an id under which the log has it. */
export type ReportFailure = (cause: unknown) => string;

/** The only place a status is chosen, and the only place an unknown failure loses its words. */
export function errorResponse(thrown: unknown, render: RenderError, report: ReportFailure): Response {
  const error = known(thrown, report);
  const { contentType, body } = render(error);
  return new Response(body, {
    status: error.status,
    headers: { 'content-type': contentType, 'x-content-type-options': 'nosniff', ...error.headers },
  });
}

function known(thrown: unknown, report: ReportFailure): RegistryError {
  if (isBrokenOff(thrown)) return bodyIncomplete();
  if (!(thrown instanceof RegistryError)) return opaque(report(thrown));
  if (thrown.code === 'INTERNAL' || thrown.code === 'DATA_LOSS') return opaque(report(thrown));
  if (thrown.status >= 500) report(thrown);
  return thrown;
}

/** What reading a request's body ends with when the client goes away. Not a failure of ours, and heard by nobody. */
const isBrokenOff = (thrown: unknown): boolean =>
  thrown instanceof DOMException && thrown.name === 'AbortError';
const bodyIncomplete = () =>
  new RegistryError(
    'INVALID_ARGUMENT',
    'BODY_INCOMPLETE',
    'the connection ended before the whole body had arrived',
  );

const opaque = (id: string) =>
  new RegistryError('INTERNAL', 'INTERNAL', `internal error; the server's log has it as ${id}`, {
    details: { id },
  });
