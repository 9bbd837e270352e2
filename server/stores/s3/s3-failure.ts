/** What the storage said of a request that failed, or that nothing came. */
export interface S3Answer {
  /** 0 where there was no answer. */
  readonly status: number;
  /** The storage's word for it, such as NoSuchKey. */
  readonly code: string;
  readonly message: string;
  /** Where the bucket is, if that was the matter. */
  readonly region?: string;
}

/** A request to object storage failed: a sentence for the operator, without credentials. */
export class S3Failure extends Error {
  readonly code: string;
  readonly status: number;

  constructor(message: string, { code, status }: Pick<S3Answer, 'code' | 'status'>) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface Asked {
  readonly endpoint: string;
  readonly bucket: string;
  /** What was done with what, such as `PUT backups/layout`. */
  readonly request: string;
}

/** Says of a failure what to do about it. */
export function s3Failure(answer: S3Answer, { endpoint, bucket, request }: Asked): S3Failure {
  const { status, code, message, region } = answer;
  const said = `${code === '' ? `status ${status}` : code}${message === '' ? '' : `, “${message.slice(0, 200)}”`}`;
  const advice = REGION_CODES.has(code)
    ? `bucket ${bucket} is in another region${region === undefined ? '' : ` (${region})`}: give its region with --s3-region`
    : ADVICE[code]?.(endpoint, bucket);
  if (advice !== undefined) return new S3Failure(advice, answer);
  if (status === 401 || status === 403)
    return new S3Failure(
      `the credentials may not ${request} in bucket ${bucket} (${said}): they need s3:ListBucket and s3:GetObject to read backups, and to make them also s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListBucketMultipartUploads`,
      answer,
    );
  if (status === 0) return new S3Failure(`${endpoint} cannot be reached: ${message}`, answer);
  const again = isPassing(answer) ? '; run it again later, which goes on where this one stopped' : '';
  return new S3Failure(`${request} failed at ${endpoint}: ${said}${again}`, answer);
}

const PASSING = new Set([
  'RequestTimeout',
  'SlowDown',
  'InternalError',
  'XAmzContentSHA256Mismatch',
  'BadDigest',
]);

/** Whether another try may do better. */
export const isPassing = ({ status, code }: Pick<S3Answer, 'status' | 'code'>): boolean =>
  status === 0 || status === 429 || (status >= 500 && status !== 501) || PASSING.has(code);

const REGION_CODES = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

const unknownKey = (endpoint: string): string =>
  `${endpoint} does not know the access key: check AWS_ACCESS_KEY_ID, and that --s3-endpoint is the one it is for`;

const ADVICE: Readonly<Record<string, (endpoint: string, bucket: string) => string>> = {
  InvalidAccessKeyId: unknownKey,
  // The Versity gateway's word for it.
  XAdminUserNotFound: unknownKey,
  SignatureDoesNotMatch: (endpoint) =>
    `${endpoint} does not accept the signature: check AWS_SECRET_ACCESS_KEY, and --s3-region where the storage has regions`,
  ExpiredToken: () => 'the credentials have expired: get new ones and set AWS_SESSION_TOKEN with them',
  InvalidToken: () =>
    'AWS_SESSION_TOKEN is not one of the storage: set it together with its access key, or not at all',
  RequestTimeTooSkewed: () => 'the clock of this machine differs from the storage’s: set it right',
  NoSuchBucket: (endpoint, bucket) =>
    `there is no bucket ${bucket} at ${endpoint}: make it first, or check the name and --s3-endpoint`,
  InvalidBucketName: (endpoint, bucket) => `${bucket} is not a name that a bucket can have at ${endpoint}`,
};
