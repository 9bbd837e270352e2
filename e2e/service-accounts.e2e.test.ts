import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { ArtifactRegistryClient } from '@google-cloud/artifact-registry';
import { gaxios, GoogleAuth, Impersonated, JWT } from 'google-auth-library';
import { Identities } from './harness/identities.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 120_000;
const PROJECT = 'projects/my-project';
const LOCATION = `${PROJECT}/locations/us-central1`;
const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';
const UNAUTHORIZED = 401;

interface Account {
  readonly email: string;
  /** `projects/P/serviceAccounts/E/keys/K`. */
  readonly key: string;
  readonly path: string;
  readonly file: {
    readonly client_email: string;
    readonly private_key: string;
    readonly private_key_id: string;
  };
}

let server: Server;
let space: Scratch;
let identities: Identities;

beforeAll(async () => {
  space = await scratch('accounts');
  server = await startServer();
  identities = new Identities(server);
  await server.createDockerRepository('images');
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

/** A service account that may read the project's repositories, with a key file. */
async function account(): Promise<Account> {
  const email = await identities.serviceAccount();
  const text = await identities.keyFile(email);
  const file = JSON.parse(text) as Account['file'];
  const path = join(space.path, `${file.private_key_id}.json`);
  await Bun.write(path, text);
  await identities.grant(PROJECT, 'roles/artifactregistry.reader', `serviceAccount:${email}`);
  return { email, file, path, key: `${PROJECT}/serviceAccounts/${email}/keys/${file.private_key_id}` };
}

const repositories = (): string => `${server.url}/v1/${LOCATION}/repositories`;
/** What listing repositories answers with a client of google-auth-library. */
async function listed(client: Pick<JWT, 'request'>): Promise<readonly string[]> {
  const { data } = await client.request<{ readonly repositories: readonly { readonly name: string }[] }>({
    url: repositories(),
  });
  return data.repositories.map(({ name }) => name);
}
/** The HTTP status that a call was refused with; fails when it was not refused. */
async function statusOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    const { status, code } = error as { readonly status?: unknown; readonly code?: unknown };
    return status ?? code;
  }
  throw new Error('the call succeeded');
}

const selfSigning = ({ file }: Account, scopes: string[] = []): JWT =>
  new JWT({ email: file.client_email, key: file.private_key, keyId: file.private_key_id, scopes });

/**
 * google-auth-library has the address of Google's token endpoint built in and ignores `token_uri`. This is what an operator
 * does about it with a name server, done by the library's own means.
 */
function transporter(asked: string[]): gaxios.Gaxios {
  const instance = new gaxios.Gaxios();
  instance.interceptors.request.add({
    resolved: async (request) => {
      asked.push(request.url.href);
      if (request.url.href === 'https://oauth2.googleapis.com/token')
        return { ...request, url: new URL(`${server.url}/token`) };
      return request;
    },
  });
  return instance;
}

describe('google-auth-library with a key file', () => {
  test('signs for itself the address that it asks', async () => {
    const headers = await selfSigning(await account()).getRequestHeaders(repositories());
    expect((await fetch(repositories(), { headers })).status).toBe(200);
  });

  test('signs for itself the scopes that it wants', async () => {
    const client = selfSigning(await account(), [CLOUD_PLATFORM]);
    client.useJWTAccessWithScope = true;
    expect(await listed(client)).toEqual([`${LOCATION}/repositories/images`]);
  });

  test('exchanges an assertion for an access token', async () => {
    const { path } = await account();
    const asked: string[] = [];
    const auth = new GoogleAuth({
      keyFilename: path,
      scopes: CLOUD_PLATFORM,
      clientOptions: { transporter: transporter(asked) },
    });

    const token = await auth.getAccessToken();

    expect(asked).toEqual(['https://oauth2.googleapis.com/token']);
    expect(token).toStartWith('ent_');
    const answer = await fetch(repositories(), { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
  });

  test('acts as another account that it may act as', async () => {
    const [source, target] = [await account(), await account()];
    const sourceClient = new JWT({
      email: source.file.client_email,
      key: source.file.private_key,
      scopes: [CLOUD_PLATFORM],
      transporter: transporter([]),
    });
    const impersonated = new Impersonated({
      sourceClient,
      targetPrincipal: target.email,
      targetScopes: [CLOUD_PLATFORM],
      lifetime: 600,
      endpoint: server.url,
    });

    expect(await statusOf(impersonated.getAccessToken())).toBe(403);
    const role = 'roles/iam.serviceAccountTokenCreator';
    const member = `serviceAccount:${source.email}`;
    await identities.grant(`${PROJECT}/serviceAccounts/${target.email}`, role, member);
    expect(await listed(impersonated)).toEqual([`${LOCATION}/repositories/images`]);
  });

  test('is refused as soon as the key is gone', async () => {
    const signer = await account();
    const client = selfSigning(signer, [CLOUD_PLATFORM]);
    client.useJWTAccessWithScope = true;
    await listed(client);
    await server.api('DELETE', signer.key);
    expect(await statusOf(listed(client))).toBe(UNAUTHORIZED);
  });
});

function clientOf({ path }: Account): ArtifactRegistryClient {
  const [apiEndpoint = '', port] = server.host.split(':');
  return new ArtifactRegistryClient({
    fallback: true,
    apiEndpoint,
    port: Number(port),
    protocol: 'http',
    keyFilename: path,
  });
}

describe('@google-cloud/artifact-registry with a key file', () => {
  test('does what the account may do, and is refused when the key is gone', async () => {
    const reader = await account();
    const client = clientOf(reader);
    const name = `${LOCATION}/repositories/images`;

    const [found] = await client.listRepositories({ parent: LOCATION });
    expect(found.map((repository) => repository.name)).toEqual([name]);
    expect(await statusOf(client.deleteRepository({ name }))).toBe(403);

    await server.api('POST', `${reader.key}:disable`, {});
    expect(await statusOf(client.getRepository({ name }))).toBe(UNAUTHORIZED);
    await client.close();
  });
});
