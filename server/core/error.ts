/** The google.rpc codes we use and the HTTP status each one canonically maps to (google/rpc/code.proto). */
const CODES = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  DATA_LOSS: 500,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const;
export type Code = keyof typeof CODES;

/** Where HTTP has a better word than the code's default. */
const BY_REASON: Readonly<Record<string, number>> = {
  READ_ONLY: 405,
  METHOD_NOT_ALLOWED: 405,
  SIZE_LIMIT: 413,
  URI_TOO_LONG: 414,
  PRECONDITION_FAILED: 412,
  RANGE_INVALID: 416,
  UPSTREAM_BROKEN: 502,
  UPSTREAM_FORBIDDEN: 502,
  UPSTREAM_LOOP: 502,
  UPSTREAM_REFUSED: 502,
  STORAGE_FULL: 507,
};

interface ErrorExtra {
  /** For programs; every value is shown to the client. */
  readonly details?: Readonly<Record<string, string>>;
  /** Headers the answer must carry, such as `retry-after` or the true `range` of an upload. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log. Never leaves the server. */
  readonly cause?: unknown;
}

/** The one error of the domain. Knows no transport: each surface renders it, one function chooses the status. */
export class RegistryError extends Error {
  readonly code: Code;
  /** What went wrong, for programs. Upper snake case; OCI's own words where OCI has one. */
  readonly reason: string;
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: Code, reason: string, message: string, extra: ErrorExtra = {}) {
    super(message, { cause: extra.cause });
    this.name = 'RegistryError';
    this.code = code;
    this.reason = reason;
    this.details = extra.details ?? {};
    this.headers = extra.headers ?? {};
  }

  get status(): number {
    return BY_REASON[this.reason] ?? CODES[this.code];
  }
}

/** `notFound('BLOB', {digest})` is NOT_FOUND with reason BLOB_UNKNOWN. */
export const notFound = (what: string, details: Record<string, string> = {}): RegistryError =>
  new RegistryError('NOT_FOUND', `${what}_UNKNOWN`, `${what.toLowerCase().replaceAll('_', ' ')} not found`, {
    details,
  });

export const invalid = (
  reason: string,
  message: string,
  details: Record<string, string> = {},
): RegistryError => new RegistryError('INVALID_ARGUMENT', reason, message, { details });

/** 405, with the methods that are possible there. */
export const methodNotAllowed = (message: string, allowed: Iterable<string>): RegistryError =>
  new RegistryError('UNIMPLEMENTED', 'METHOD_NOT_ALLOWED', message, {
    headers: { allow: [...allowed].join(', ') },
  });

/** The same with more headers that the answer must carry; those it has stay as they are. */
export function carrying(error: RegistryError, headers: Readonly<Record<string, string>>): RegistryError {
  const { code, reason, message, details, cause } = error;
  return new RegistryError(code, reason, message, {
    details,
    headers: { ...headers, ...error.headers },
    cause: cause ?? error,
  });
}

/** A failure in other words. What its answer must carry stays. */
export const reworded = (thrown: unknown, words: RegistryError): RegistryError =>
  thrown instanceof RegistryError ? carrying(words, thrown.headers) : words;

export const isNotFound = (thrown: unknown): boolean =>
  thrown instanceof RegistryError && thrown.code === 'NOT_FOUND';
