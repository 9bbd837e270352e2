import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { nodeProgram, PATH } from './run.ts';
import { type Scratch, scratch } from './scratch.ts';
import { UnexpectedAnswer } from './server.ts';
import { until } from './until.ts';

export const VERDACCIO = nodeProgram('verdaccio');

interface Place {
  readonly port: number;
  readonly directory: string;
  /** What it gives who logs in: signed tokens, or those it gives by default, an encrypted name and password that it checks each time. */
  readonly tokens?: 'signed' | 'default';
}

/** config.yaml of Verdaccio 6, for which JSON will do. It asks nobody else for anything, and everybody may register. */
export const verdaccioConfiguration = ({ port, directory, tokens = 'signed' }: Place): string =>
  JSON.stringify({
    storage: join(directory, 'storage'),
    listen: `127.0.0.1:${port}`,
    auth: { htpasswd: { file: join(directory, 'htpasswd'), max_users: 1000 } },
    ...(tokens === 'signed' && { security: { api: { jwt: { sign: { expiresIn: '1d' } } } } }),
    uplinks: {},
    packages: {
      '**': { access: '$all', publish: '$authenticated', unpublish: '$authenticated' },
    },
    max_body_size: '500mb',
    web: { enable: false },
    log: { type: 'stdout', level: 'error' },
  });

/** Makes a user of a registry, as `npm adduser` does; answers its token. */
export async function registerAt(url: string, name: string): Promise<string> {
  const target = `${url}-/user/org.couchdb.user:${name}`;
  const user = {
    _id: `org.couchdb.user:${name}`,
    name,
    password: crypto.randomUUID(),
    type: 'user',
    roles: [],
  };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(target, { method: 'PUT', headers, body: JSON.stringify(user) });
  const text = await answer.text();
  if (!answer.ok) throw new UnexpectedAnswer('PUT', target, answer.status, text);
  return (JSON.parse(text) as { readonly token: string }).token;
}

/** A real registry of somebody else, with nothing in it. */
export interface Verdaccio extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly url: string;
  /** Of a user who may publish anything. */
  readonly token: string;
  stop(): Promise<void>;
}

export async function startVerdaccio(): Promise<Verdaccio> {
  const home: Scratch = await scratch('verdaccio');
  const place = { port: freePort(), directory: home.path };
  const configuration = join(home.path, 'config.yaml');
  await Bun.write(configuration, verdaccioConfiguration(place));
  const child = Bun.spawn([VERDACCIO, '--config', configuration], {
    env: { PATH, HOME: home.path },
    cwd: home.path,
    stdin: 'ignore',
    stdout: Bun.file(join(home.path, 'out')),
    stderr: Bun.file(join(home.path, 'err')),
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await child.exited;
    await home[Symbol.asyncDispose]();
  };
  const host = `127.0.0.1:${place.port}`;
  const url = `http://${host}/`;
  try {
    const pinged = (): Promise<boolean> =>
      fetch(`${url}-/ping`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until('Verdaccio answers', pinged);
    return { host, url, token: await registerAt(url, 'publisher'), stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
