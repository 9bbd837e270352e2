import { join } from 'node:path';
import { registerAt, VERDACCIO, verdaccioConfiguration } from '../../e2e/harness/verdaccio.ts';
import type { Candidate } from '../scenario.ts';
import { createRepository, entrepotMissing, LOCATION, PROJECT, signIn, startProcess } from './entrepot.ts';
import { answers, freePort, launch } from './process.ts';
import { type Place, placeFor, type Running } from './server.ts';

/** A running server that speaks the npm registry's protocol. */
export interface NpmServer extends Running {
  /** What clients are given as their registry; ends in a slash. */
  readonly registry: string;
  /** Headers of somebody who may publish and install. */
  readonly headers: Readonly<Record<string, string>>;
  /** Adds versions to a package that is there, where publishing so many would take an hour. */
  addVersions?(name: string, manifests: readonly Manifest[]): Promise<void>;
}

interface Manifest {
  readonly version: string;
}

const REPOSITORY = 'npm';

/** One process with every setting at its default, an npm repository in it. */
export const entrepotNpm = (within: Place): Candidate<NpmServer> => ({
  name: 'entrepot',
  missing: entrepotMissing(),
  async start() {
    const started = await signIn(await startProcess(await placeFor('entrepot', within)));
    await createRepository(started, REPOSITORY, { format: 'NPM' });
    return {
      ...started,
      registry: npmAddress(started.url, REPOSITORY),
      headers: { authorization: `Bearer ${started.accessToken}` },
    };
  },
});

export const npmAddress = (url: string, repository: string): string =>
  `${url}/${LOCATION}-npm/${PROJECT}/${repository}/`;

/** What each is called in tables, by the tokens it gives. */
export const VERDACCIOS = { signed: 'verdaccio', default: 'verdaccio, default tokens' } as const;

/** Verdaccio as it is in production. The tokens that it gives by default have it hash a password on each request. */
export const verdaccio = (
  within: Place,
  tokens: keyof typeof VERDACCIOS = 'signed',
): Candidate<NpmServer> => ({
  name: VERDACCIOS[tokens],
  missing: Bun.which(VERDACCIO) === null ? 'Verdaccio is not installed: .ci/install-clients.sh' : undefined,
  async start() {
    const place = await placeFor(`verdaccio-${tokens}`, within);
    const port = freePort();
    const configuration = join(place.directory, 'config.yaml');
    await Bun.write(configuration, verdaccioConfiguration({ port, directory: place.directory, tokens }));
    const command = [VERDACCIO, '--config', configuration];
    const started = await launch({ command, place, env: { NODE_ENV: 'production' } });
    const url = `http://127.0.0.1:${port}`;
    await answers(`${url}/-/ping`);
    const token = await registerAt(`${url}/`, 'bench');
    return {
      name: VERDACCIOS[tokens],
      url,
      pid: started.pid,
      registry: `${url}/`,
      headers: { authorization: `Bearer ${token}` },
      addVersions: (name, manifests) => addToStorage(join(place.directory, 'storage', name), manifests),
      [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
    };
  },
});

/** Verdaccio keeps a package as the document that it sends, and reads it on each request. */
async function addToStorage(directory: string, manifests: readonly Manifest[]): Promise<void> {
  const path = join(directory, 'package.json');
  const kept = (await Bun.file(path).json()) as { readonly versions: object; readonly time: object };
  const added = Object.fromEntries(manifests.map((manifest) => [manifest.version, manifest]));
  const times = Object.fromEntries(manifests.map(({ version }) => [version, new Date().toISOString()]));
  const all = { ...kept, versions: { ...kept.versions, ...added }, time: { ...kept.time, ...times } };
  await Bun.write(path, JSON.stringify(all));
}
