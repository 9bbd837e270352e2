import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';

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
export async function signed(
  { bodySha256, headers, ...request }: Unsigned,
  { credentials, region, now }: Signing,
): Promise<Headers> {
  const signer = new AwsV4Signer({
    ...request,
    ...credentials,
    url: request.url.href,
    headers: { ...headers, 'x-amz-content-sha256': bodySha256 },
    service: 's3',
    region,
    datetime: now.toISOString().replaceAll(/[:-]|\.\d{3}/g, ''),
    allHeaders: true,
  });
  return (await signer.sign()).headers;
}

/** As the signature wants a part of a path, or of a query, to be written (RFC 3986, section 2.3). */
export const escaped = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

export const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');
