import type { Status } from './schemas/operation.ts';

interface ErrorInfo {
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A refusal of the management API, or no understandable answer at all (code UNAVAILABLE, status 0). */
export class ApiError extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** google.rpc code by name, such as NOT_FOUND. */
  readonly code: string;
  /** What went wrong, for programs; empty when the server named nothing. */
  readonly reason: string;
  readonly details: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    extra: Partial<ErrorInfo> & { readonly cause?: unknown } = {},
  ) {
    super(message, { cause: extra.cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.reason = extra.reason ?? '';
    this.details = extra.metadata ?? {};
  }
}

/** google.rpc.Code by number, with the HTTP status of each (google/rpc/code.proto). */
const CODES: readonly (readonly [name: string, status: number])[] = [
  ['OK', 200],
  ['CANCELLED', 499],
  ['UNKNOWN', 500],
  ['INVALID_ARGUMENT', 400],
  ['DEADLINE_EXCEEDED', 504],
  ['NOT_FOUND', 404],
  ['ALREADY_EXISTS', 409],
  ['PERMISSION_DENIED', 403],
  ['RESOURCE_EXHAUSTED', 429],
  ['FAILED_PRECONDITION', 400],
  ['ABORTED', 409],
  ['OUT_OF_RANGE', 400],
  ['UNIMPLEMENTED', 501],
  ['INTERNAL', 500],
  ['UNAVAILABLE', 503],
  ['DATA_LOSS', 500],
  ['UNAUTHENTICATED', 401],
];

/** The error that an HTTP answer with a google.rpc envelope stands for. */
export function errorOfAnswer(status: number, body: unknown): ApiError {
  const error = field(body, 'error');
  const code = field(error, 'status');
  const message = field(error, 'message');
  if (typeof code !== 'string' || typeof message !== 'string')
    return new ApiError(status, 'UNKNOWN', `the server answered ${status} and no message`);
  return new ApiError(status, code, message, infoIn(field(error, 'details')));
}

/** The error that an operation ended with. */
export function errorOfStatus({ code = 2, message = '', details }: Status): ApiError {
  const [name, status] = CODES[code] ?? ['UNKNOWN', 500];
  return new ApiError(status, name, message, infoIn(details));
}

function infoIn(details: unknown): Partial<ErrorInfo> {
  if (!Array.isArray(details)) return {};
  const info: unknown = details.find(
    (detail) => field(detail, '@type') === 'type.googleapis.com/google.rpc.ErrorInfo',
  );
  const reason = field(info, 'reason');
  const metadata = Object.entries(field(info, 'metadata') ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return { reason: typeof reason === 'string' ? reason : '', metadata: Object.fromEntries(metadata) };
}

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
