import { ConfigError } from './config.ts';
import type { BackupTarget } from './stores/backup/backup-target.ts';
import { FilesTarget } from './stores/backup/files-target.ts';
import { S3Target } from './stores/backup/s3-target.ts';
import { S3Bucket } from './stores/s3/s3-bucket.ts';
import { S3Requests } from './stores/s3/s3-requests.ts';

/** The flags that say where a bucket is. */
export const S3_FLAGS = ['s3-endpoint', 's3-region'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

const PATIENCE_MS = 60_000;
const LEASE_MS = 30_000;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX_PART = /^[A-Za-z0-9!_.'()*-]+$/;

const newId = (): string => crypto.randomUUID();
const pause = (ms: number): Promise<void> => Bun.sleep(ms);

/** The target that an argument names: a directory, or `s3://BUCKET/PREFIX`. Fails with a ConfigError. */
export function backupTarget(
  named: string,
  flags: ReadonlyMap<string, string>,
  env: Environment,
): BackupTarget {
  const [, scheme] = /^([a-z0-9]+):\/\//.exec(named) ?? [];
  if (scheme === undefined) {
    const flag = S3_FLAGS.find((name) => flags.has(name));
    if (flag !== undefined) throw new ConfigError(`--${flag} is for s3://BUCKET/PREFIX, not for ${named}`);
    return new FilesTarget(named, newId);
  }
  if (scheme !== 's3') throw new ConfigError(`${named} is neither a directory nor s3://BUCKET/PREFIX`);
  const [bucket = '', ...prefix] = named.slice('s3://'.length).replace(/\/+$/, '').split('/');
  if (!BUCKET.test(bucket) || prefix.some((part) => !PREFIX_PART.test(part) || /^\.\.?$/.test(part)))
    throw new ConfigError(
      `${named} is not understood: write s3://BUCKET/PREFIX, with letters, digits and - _ . in the prefix`,
    );
  const region =
    flags.get('s3-region') ?? said(env, 'AWS_REGION') ?? said(env, 'AWS_DEFAULT_REGION') ?? 'us-east-1';
  if (!/^[a-z0-9-]+$/i.test(region))
    throw new ConfigError(`${region} is not a region: give one with --s3-region`);
  const place = { endpoint: endpointOf(flags, env, region), region, bucket, credentials: credentialsOf(env) };
  const around = { now: Date.now, random: Math.random, pause, patienceMs: PATIENCE_MS };
  return new S3Target({
    bucket: new S3Bucket(new S3Requests(place, around)),
    address: ['s3:/', bucket, ...prefix].join('/'),
    prefix: prefix.map((part) => `${part}/`).join(''),
    newId,
    lease: { leaseMs: LEASE_MS, pause },
  });
}

const said = (env: Environment, name: string): string | undefined => env[name] || undefined;

function endpointOf(flags: ReadonlyMap<string, string>, env: Environment, region: string): URL {
  const text =
    flags.get('s3-endpoint') ??
    said(env, 'AWS_ENDPOINT_URL_S3') ??
    said(env, 'AWS_ENDPOINT_URL') ??
    `https://s3.${region}.amazonaws.com`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.pathname === '/' && url.search === '' && url.username === '' && url.password === '';
  if (url === undefined || !/^https?:$/.test(url.protocol) || !isPlain)
    throw new ConfigError(
      'the endpoint of S3 is https://HOST or https://HOST:PORT, without credentials and path',
    );
  return url;
}

function credentialsOf(env: Environment) {
  const accessKeyId = said(env, 'AWS_ACCESS_KEY_ID');
  const secretAccessKey = said(env, 'AWS_SECRET_ACCESS_KEY');
  const sessionToken = said(env, 'AWS_SESSION_TOKEN');
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new ConfigError(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say who asks for what is in the bucket; set both in the environment',
    );
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
