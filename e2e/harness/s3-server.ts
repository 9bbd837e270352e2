import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3Place } from '../../server/stores/s3/s3-requests.ts';
import { freePort } from './free-port.ts';
import { findProgram, PATH } from './run.ts';
import { scratch } from './scratch.ts';
import { until } from './until.ts';

export const VERSITYGW = 'versitygw';

/** An S3 storage of somebody else's making, which checks signatures, with nothing in it. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Makes a bucket. */
  bucket(name: string): Promise<S3Place>;
  /** Ends the program, and keeps what it stores. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startS3(): Promise<S3Server> {
  const home = await scratch('s3');
  const [root, sidecar] = [join(home.path, 'buckets'), join(home.path, 'attributes')];
  for (const path of [root, sidecar]) await mkdir(path);
  const port = freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'tester', secretAccessKey: `secret-${crypto.randomUUID()}` };
  let child: Bun.Subprocess | undefined;
  const stop = async (): Promise<void> => {
    child?.kill('SIGKILL');
    await child?.exited;
  };
  const start = async (): Promise<void> => {
    child = Bun.spawn(
      [
        findProgram(VERSITYGW) ?? VERSITYGW,
        '--quiet',
        '--keep-alive',
        '--port',
        `127.0.0.1:${port}`,
        'posix',
        '--sidecar',
        sidecar,
        root,
      ],
      {
        env: {
          PATH,
          HOME: home.path,
          ROOT_ACCESS_KEY: credentials.accessKeyId,
          ROOT_SECRET_KEY: credentials.secretAccessKey,
        },
        stdin: 'ignore',
        stdout: Bun.file(join(home.path, 'out')),
        stderr: Bun.file(join(home.path, 'err')),
      },
    );
    await until('the S3 storage answers', () => answers(endpoint));
  };
  await start();
  return {
    endpoint,
    credentials,
    stop,
    start,
    bucket: async (name) => {
      await mkdir(join(root, name));
      return { endpoint: new URL(endpoint), region: 'us-east-1', bucket: name, credentials };
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await rm(home.path, { recursive: true, force: true });
    },
  };
}

const answers = (endpoint: string): Promise<boolean> =>
  fetch(endpoint).then(
    ({ status }) => status > 0,
    () => false,
  );
