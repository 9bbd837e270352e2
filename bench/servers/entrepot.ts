import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from './process.ts';
import { type Place, placeFor, type Registry } from './server.ts';

const PROJECT = 'my-project';
const LOCATION = 'us-central1';
const PASSWORD = 'bench-password';
const REPOSITORY = 'bench';
const ROOT = join(import.meta.dir, '..', '..');
const PROGRAM = join(ROOT, 'bin', 'entrepot.ts');
const ASK_TIMEOUT_MS = 30_000;

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
  const authorize = (image: string) => registryToken(started.url, repository(image));
  return { ...started, accessToken, repository, authorize };
}

export interface EntrepotProcess extends AsyncDisposable {
  readonly name: 'entrepot';
  readonly url: string;
  readonly pid: number;
}

/** The server alone, on a data directory that may be empty or already hold a registry. */
export async function startProcess(place: Place): Promise<EntrepotProcess> {
  const started = await launch({
    command: [
      process.execPath,
      PROGRAM,
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--data',
      join(place.directory, 'data'),
    ],
    place,
    env: { ENTREPOT_ADMIN_PASSWORD: PASSWORD },
    announces: /entrepot listening on (http:\/\/\S+)/,
  });
  return {
    name: 'entrepot',
    url: started.announced,
    pid: started.pid,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

/** `/v2/` name of an image in the bench's repository, in path form. */
const repository = (image: string): string => `${LOCATION}-docker/${PROJECT}/${REPOSITORY}/${image}`;

/** Management API name of the same image. */
export const packageName = (image: string): string =>
  `projects/${PROJECT}/locations/${LOCATION}/repositories/${REPOSITORY}/packages/${encodeURIComponent(image)}`;

async function logIn(url: string): Promise<string> {
  const form = new URLSearchParams({ grant_type: 'password', username: 'admin', password: PASSWORD });
  const answer = await ask(`${url}/token`, { method: 'POST', body: form });
  return (answer as { readonly access_token: string }).access_token;
}

export async function createRepository({ url, accessToken }: Entrepot): Promise<void> {
  await ask(`${url}/v1/projects/${PROJECT}/locations/${LOCATION}/repositories?repositoryId=${REPOSITORY}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ format: 'DOCKER' }),
  });
}

/** What a docker client does on a challenge: the password buys a token for one repository. */
async function registryToken(url: string, name: string): Promise<Record<string, string>> {
  const query = new URLSearchParams({
    service: new URL(url).host,
    scope: `repository:${name}:pull,push`,
  });
  const basic = Buffer.from(`admin:${PASSWORD}`).toString('base64');
  const answer = await ask(`${url}/v2/token?${query.toString()}`, {
    headers: { authorization: `Basic ${basic}` },
  });
  return { authorization: `Bearer ${(answer as { readonly token: string }).token}` };
}

async function ask(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
  if (!response.ok)
    throw new Error(`${init.method ?? 'GET'} ${url}: ${response.status} ${await response.text()}`);
  return response.json();
}
