import { run } from './run-program.ts';

/** One transfer, or several in a row on one connection, as curl saw it. */
export interface Transfer {
  readonly bytes: number;
  /** From the start of connecting to the last byte of the answer, without curl's own start. */
  readonly seconds: number;
  /** CPU seconds that curl used. */
  readonly clientCpu: number;
}

type Headers = Readonly<Record<string, string>>;

/** Downloads `url` `times` over, one after the other on one connection, and throws the bytes away. */
export async function download(url: string, headers: Headers, times: number): Promise<Transfer> {
  const targets = Array.from({ length: times }, () => ['-o', '/dev/null', url]).flat();
  const ran = await curl([
    '-w',
    '%{size_download} %{time_total}\\n',
    ...headerArguments(headers),
    ...targets,
  ]);
  return { ...sumLines(ran.stdout), clientCpu: ran.cpuSeconds };
}

export interface UploadPlan {
  readonly method: 'PATCH' | 'PUT';
  readonly url: string;
  readonly headers: Headers;
  /** A file, sent with its length; or a stream of unknown length, sent in chunks. */
  readonly body: string | ReadableStream<Uint8Array>;
}

/** Uploads with curl. `location` is the Location header of the answer, resolved against `url`. */
export async function upload(plan: UploadPlan): Promise<Transfer & { readonly location: string }> {
  const isFile = typeof plan.body === 'string';
  const what = ['-X', plan.method, '-T', isFile ? plan.body : '-', '-o', '/dev/null'];
  const report = ['-w', '%{size_upload} %{time_total}\\n%header{location}\\n'];
  // curl would wait for "100 Continue"; the clients that push images do not ask for it.
  const headers = { 'content-type': 'application/octet-stream', expect: '', ...plan.headers };
  const args = [...what, ...report, ...headerArguments(headers), plan.url];
  const ran = await curl(args, isFile ? undefined : plan.body);
  const [figures = '', location = ''] = ran.stdout.split('\n');
  return {
    ...sumLines(figures),
    clientCpu: ran.cpuSeconds,
    location: location === '' ? plan.url : new URL(location, plan.url).href,
  };
}

function curl(args: readonly string[], stdin?: ReadableStream<Uint8Array>) {
  const limits = stdin ? { seconds: 600, stdin } : { seconds: 600 };
  return run(['curl', '--silent', '--show-error', '--fail', '--http1.1', ...args], limits);
}

function headerArguments(headers: Headers): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}:${value && ` ${value}`}`]);
}

export function sumLines(output: string): Pick<Transfer, 'bytes' | 'seconds'> {
  const lines = output
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  return {
    bytes: lines.reduce((sum, [bytes = 0]) => sum + bytes, 0),
    seconds: lines.reduce((sum, [, seconds = 0]) => sum + seconds, 0),
  };
}
