import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SELF } from '../measure.ts';
import { launch } from './process.ts';
import { type Place, placeFor, type Registry } from './server.ts';

export const PROJECT = 'my-project';
export const LOCATION = 'us-central1';
const REPOSITORY = 'bench';
export const ADMIN: Credentials = { username: 'admin', password: 'bench-password' };
const ROOT = join(import.meta.dir, '..', '..');
export const UNCHECKED = 'nothing checked';
const PROGRAM = join(ROOT, 'bin', 'entrepot.ts');
const ASK_TIMEOUT_MS = 30_000;

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface Entrepot extends Registry {
  /** Access token of the administrator, for the management API. */
  readonly accessToken: string;
}

/** Why Entrepot itself cannot run, if it cannot. */
export const entrepotMissing = (): string | undefined =>
  existsSync(PROGRAM) ? undefined : 'bin/entrepot.ts is not there';

/** One process with every setting at its default, a Docker repository in it. */
export async function startEntrepot(within: Place): Promise<Entrepot> {
  const started = await startProcess(await placeFor('entrepot', within));
  try {
    const registry = await signIn(started);
    await createRepository(registry);
    return registry;
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
}

export async function signIn(started: EntrepotProcess): Promise<Entrepot> {
  const accessToken = await logIn(started.url);
  const authorize = async (image: string) => ({
    authorization: `Bearer ${await registryToken(started.url, repository(image))}`,
  });
  return { ...started, accessToken, repository, authorize };
}

export interface EntrepotProcess extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
}

/** The server alone, on a data directory that may be empty or already hold a registry. */
export const startProcess = (place: Place, flags: readonly string[] = []): Promise<EntrepotProcess> =>
  startProgram(SELF, [PROGRAM, 'serve', ...flags], place);

/** The same server but for one thing: every caller is the administrator, who may do everything. */
export const startUnchecked = (place: Place): Promise<EntrepotProcess> =>
  startProgram(UNCHECKED, [join(import.meta.dir, 'unchecked-program.ts')], place);

async function startProgram(
  name: string,
  program: readonly string[],
  place: Place,
): Promise<EntrepotProcess> {
  const settings = ['--listen', '127.0.0.1:0', '--data', join(place.directory, 'data')];
  const started = await launch({
    command: [process.execPath, ...program, ...settings],
    place,
    env: { ENTREPOT_ADMIN_PASSWORD: ADMIN.password },
    announces: /entrepot listening on (http:\/\/\S+)/,
  });
  return {
    name,
    url: started.announced,
    pid: started.pid,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

const repository = (image: string): string => repositoryPath(REPOSITORY, image);

/** `/v2/` name of an image, in path form. */
export const repositoryPath = (id: string, image: string): string =>
  `${LOCATION}-docker/${PROJECT}/${id}/${image}`;

/** The same registry for the administrator's access token, in another repository than the bench's. */
export const inRepository = (registry: Entrepot, id: string): Entrepot => ({
  ...registry,
  repository: (image) => repositoryPath(id, image),
  authorize: async () => ({ authorization: `Bearer ${registry.accessToken}` }),
});

/** Management API name of the same image. */
export const packageName = (image: string): string =>
  `${repositoryName(REPOSITORY)}/packages/${encodeURIComponent(image)}`;

export const repositoryName = (id: string): string =>
  `projects/${PROJECT}/locations/${LOCATION}/repositories/${id}`;

/** An access token. */
export async function logIn(url: string, credentials = ADMIN): Promise<string> {
  const form = new URLSearchParams({ grant_type: 'password', ...credentials });
  const answer = await ask(`${url}/token`, { method: 'POST', body: form });
  return (answer as { readonly access_token: string }).access_token;
}

/** RFC 7009. */
export async function revoke(url: string, token: string): Promise<void> {
  const init = { method: 'POST', body: new URLSearchParams({ token }) };
  const answer = await fetch(`${url}/revoke`, { ...init, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`POST /revoke: ${answer.status} ${await answer.text()}`);
}

export async function createRepository(
  { url, accessToken }: Pick<Entrepot, 'url' | 'accessToken'>,
  id = REPOSITORY,
  settings: object = { format: 'DOCKER' },
): Promise<void> {
  await ask(`${url}/v1/projects/${PROJECT}/locations/${LOCATION}/repositories?repositoryId=${id}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  });
}

/** What a docker client does on a challenge: the password buys a token for one repository. */
export async function registryToken(url: string, name: string, credentials = ADMIN): Promise<string> {
  const query = new URLSearchParams({
    service: new URL(url).host,
    scope: `repository:${name}:pull,push`,
  });
  const answer = await ask(`${url}/v2/token?${query.toString()}`, {
    headers: { authorization: basic(credentials) },
  });
  return (answer as { readonly token: string }).token;
}

export const basic = ({ username, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

async function ask(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
  if (!response.ok)
    throw new Error(`${init.method ?? 'GET'} ${url}: ${response.status} ${await response.text()}`);
  return response.json();
}
