import { createHash, createHmac } from 'node:crypto';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that are lent for a time. */
  readonly sessionToken?: string;
}

export interface Unsigned {
  readonly method: string;
  /** Its path and query are escaped as `escaped` does. */
  readonly url: URL;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, in lower-case hex. The server refuses another one. */
  readonly bodySha256: string;
}

interface Signing {
  readonly credentials: S3Credentials;
  readonly region: string;
  readonly now: Date;
}

/** The headers of a request with its signature, version 4 (docs.aws.amazon.com/AmazonS3, sig-v4-header-based-auth). */
export function signed(request: Unsigned, { credentials, region, now }: Signing): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const time = now.toISOString().replaceAll(/[:-]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': request.bodySha256,
    'x-amz-date': time,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const named = Object.entries({ ...headers, host: request.url.host }).sort(byName);
  const names = named.map(([name]) => name).join(';');
  const canonical = [
    request.method,
    request.url.pathname,
    [...request.url.searchParams]
      .sort(byName)
      .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
      .join('&'),
    ...named.map(([name, value]) => `${name}:${value.trim()}`),
    '',
    names,
    request.bodySha256,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** As the signature wants a part of a path, or of a query, to be written (RFC 3986, section 2.3). */
export const escaped = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

export const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};
