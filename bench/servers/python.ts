import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fieldsOf, form, type Release, wheel, wheelName } from '../../server/testing/python.ts';
import { run } from '../load/run-program.ts';
import { succeed } from '../load/oci-client.ts';
import { type Candidate, unlessInstalled } from '../scenario.ts';
import {
  createRepository,
  type Entrepot,
  entrepotMissing,
  LOCATION,
  PROJECT,
  signIn,
  startProcess,
} from './entrepot.ts';
import { pythonPeer } from './peer-programs.ts';
import { answers, freePort, launch } from './process.ts';
import { type Place, placeFor, type Running } from './server.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A running server that speaks Python's protocols. */
export interface PythonServer extends Running {
  /** Where its index of projects is; ends in a slash. */
  readonly simple: string;
  /** Headers of somebody who may install and upload. */
  readonly headers: Readonly<Record<string, string>>;
  upload(filename: string, bytes: Bytes, release: Release): Promise<void>;
  /** Where a kept file is. */
  file(project: string, filename: string): Promise<string>;
  /** The directory that is what it serves, where it is one. */
  readonly directory?: string;
}

export const PYTHON_REPOSITORY = 'python';

export async function pythonAt(started: Entrepot): Promise<PythonServer> {
  const base = `${started.url}/${LOCATION}-python/${PROJECT}/${PYTHON_REPOSITORY}/`;
  return described(
    { ...started, headers: { authorization: `Bearer ${started.accessToken}` } },
    { simple: `${base}simple/`, upload: base },
  );
}

/** One process with every setting at its default, a Python repository in it. */
export const entrepotPython = (within: Place): Candidate<PythonServer> => ({
  name: 'entrepot',
  missing: entrepotMissing(),
  async start() {
    const started = await signIn(await startProcess(await placeFor('entrepot', within)));
    await createRepository(started, PYTHON_REPOSITORY, { format: 'PYTHON' });
    return pythonAt(started);
  },
});

/**
 * pypiserver as its own image runs it: gunicorn with gevent, and a cache of what the directory has. Nobody is checked.
 * It serves `filled`, or a new directory.
 */
export const pypiserver = (within: Place, filled?: string): Candidate<PythonServer> => {
  const program = pythonPeer('pypiserver', 'pypi-server');
  return {
    name: 'pypiserver',
    missing: unlessInstalled(program),
    async start() {
      const place = await placeFor('pypiserver', within);
      const port = freePort();
      const directory = filled ?? join(place.directory, 'packages');
      await mkdir(directory, { recursive: true });
      const serving = [
        '-i',
        '127.0.0.1',
        '-p',
        String(port),
        '--server',
        'gunicorn',
        '--backend',
        'cached-dir',
      ];
      const started = await launch({
        command: [program, 'run', '-a', '.', '-P', '.', '--disable-fallback', '-o', ...serving, directory],
        place,
        env: { GUNICORN_CMD_ARGS: '--worker-class gevent --preload --log-level warning' },
      });
      const url = `http://127.0.0.1:${port}`;
      await answers(url);
      const running = {
        ...ending(started),
        name: 'pypiserver',
        url,
        pid: started.pid,
        headers: {},
        directory,
      };
      return described(running, { simple: `${url}/simple/`, upload: `${url}/` });
    },
  };
};

const DEVPI_PASSWORD = 'bench-password';
const DEVPI_INDEX = 'root/bench';

/** devpi without a mirror. Uploads are checked, reading is not. */
export const devpi = (within: Place): Candidate<PythonServer> => {
  const program = pythonPeer('devpi', 'devpi-server');
  return {
    name: 'devpi',
    missing: unlessInstalled(program),
    async start() {
      const place = await placeFor('devpi', within);
      const port = freePort();
      const data = ['--serverdir', join(place.directory, 'data')];
      const init = [pythonPeer('devpi', 'devpi-init'), ...data, '--no-root-pypi'];
      await run([...init, '--root-passwd', DEVPI_PASSWORD], { seconds: 120 });
      const listening = ['--host', '127.0.0.1', '--port', String(port), '--offline-mode'];
      const started = await launch({ command: [program, ...data, ...listening], place });
      const url = `http://127.0.0.1:${port}`;
      try {
        await answers(url);
        const headers = { 'x-devpi-auth': await devpiToken(url) };
        await devpiCall(url, {
          path: DEVPI_INDEX,
          method: 'PUT',
          body: { type: 'stage', bases: [] },
          headers,
        });
        return described(
          { ...ending(started), name: 'devpi', url, pid: started.pid, headers },
          { simple: `${url}/${DEVPI_INDEX}/+simple/`, upload: `${url}/${DEVPI_INDEX}/` },
        );
      } catch (error) {
        await started[Symbol.asyncDispose]();
        throw error;
      }
    },
  };
};

async function devpiToken(url: string): Promise<string> {
  const body = { user: 'root', password: DEVPI_PASSWORD };
  const answer = await devpiCall(url, { path: '+login', method: 'POST', body, headers: {} });
  const { result } = (await answer.json()) as { readonly result: { readonly password: string } };
  return Buffer.from(`root:${result.password}`).toString('base64');
}

interface DevpiCall {
  readonly path: string;
  readonly method: string;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
}

const devpiCall = (url: string, { path, method, body, headers }: DevpiCall): Promise<Response> =>
  succeed(new URL(`${url}/${path}`), {
    method,
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const ending = (started: AsyncDisposable): AsyncDisposable => ({
  [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
});

type Base = Running & Pick<PythonServer, 'headers' | 'directory'>;

function described(
  running: Base,
  { simple, upload }: { readonly simple: string; readonly upload: string },
): PythonServer {
  const { headers } = running;
  return {
    ...running,
    simple,
    async upload(filename, bytes, release) {
      const body = form(filename, bytes, fieldsOf(release, bytes));
      await (await succeed(new URL(upload), { method: 'POST', headers, body })).text();
    },
    async file(project, filename) {
      const page = `${simple}${project}/`;
      const sent = await succeed(new URL(page), { headers: { ...headers, accept: 'text/html' } });
      const [, found] =
        [...(await sent.text()).matchAll(/href="([^"#]+)/g)]
          .map((match) => [match[0], match[1]] as const)
          .find(([, href]) => href?.endsWith(`/${filename}`)) ?? [];
      if (found === undefined) throw new Error(`${page} does not name ${filename}`);
      return new URL(found, page).href;
    },
  };
}

/** A wheel and its name. */
export function madeWheel(release: Release): { readonly filename: string; readonly bytes: Bytes } {
  return { filename: wheelName(release), bytes: wheel(release) };
}
