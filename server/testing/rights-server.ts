import type { ResourceName } from '../core/iam.ts';
import type { PolicyBinding } from '../core/policy.ts';
import { PREDEFINED_ROLES } from '../iam/predefined-roles.ts';
import { changePolicy } from '../stores/metadata/policy-tables.ts';
import { ApiCaller, IMAGES, LOCATION, PROJECT } from './api.ts';
import { GoClient } from './go.ts';
import { GenericClient } from './generic.ts';
import { TestServer } from './harness.ts';
import { NpmClient } from './npm.ts';
import { type Descriptor, ImageClient } from './oci.ts';
import { MavenClient } from './maven.ts';
import { attestationsOf, PythonClient, wheel, wheelName } from './python.ts';

export const NO_ROLE = 'no role';
export const ROLES: readonly string[] = [NO_ROLE, ...PREDEFINED_ROLES.keys()];
export const holds = (role: string, permission: string): boolean =>
  [...(PREDEFINED_ROLES.get(role)?.permissions ?? [])].some((name) => name === permission);

const REPOSITORY: ResourceName = IMAGES;
/** An npm repository of the same project. */
export const PACKAGES: ResourceName = `${LOCATION}/repositories/packages`;
/** A Maven repository of the same project. */
export const ARTIFACTS: ResourceName = 'projects/my-project/locations/us-central1/repositories/artifacts';
export const MAVEN_ARTIFACT = { group: 'com.acme', name: 'app', version: '1.0' } as const;
export const MAVEN_SNAPSHOT = {
  ...MAVEN_ARTIFACT,
  version: '2.0-SNAPSHOT',
  build: '20240102.030405-6',
} as const;
/** A Python repository of the same project. */
export const PROJECTS: ResourceName = `${LOCATION}/repositories/projects`;
/** A Go repository of the same project. */
export const MODULES: ResourceName = `${LOCATION}/repositories/modules`;
/** A repository of files in the same project. */
export const FILES: ResourceName = `${LOCATION}/repositories/files`;
/** A remote repository of the same project. */
const COPIES: ResourceName = `${LOCATION}/repositories/copies`;
const SIBLING: ResourceName = `${LOCATION}/repositories/sibling`;
const FAR: ResourceName = 'projects/far-project/locations/us-central1/repositories/far';
const PACKAGE = 'team/app';
export const NPM_PACKAGE = '@team/app';
export const PYTHON_RELEASE = { name: 'team-app', version: '1.0' } as const;

export const GO_VERSION = { module: 'example.com/Team/app', version: 'v1.0.0' } as const;

/** A server with one of everything that routes name, and for each role an account that holds it at one place only. */
export class RightsServer implements AsyncDisposable {
  readonly server: TestServer;
  readonly image: ImageClient;
  readonly npm: NpmClient;
  readonly files: GenericClient;
  /** What stands in paths for each parameter; all of it exists. */
  readonly params: Readonly<Record<string, string>>;
  readonly #holders = new Map<string, string>();

  private constructor(server: TestServer, parts: Pick<RightsServer, 'image' | 'npm' | 'params'>) {
    this.server = server;
    this.npm = parts.npm;
    this.files = new GenericClient(server, 'files');
    this.image = parts.image;
    this.params = parts.params;
  }

  static async start(): Promise<RightsServer> {
    const server = await TestServer.start(['--trash-retention', '7d']);
    await server.repository('sibling');
    await server.repository('far', { project: 'far-project' });
    const image = new ImageClient(server, `us-central1-docker/my-project/images/${PACKAGE}`);
    const manifest = await image.image('v1');
    const gone = await image.image('gone');
    const params = await everything(server, manifest, gone);
    await server.repository('packages', { format: 'NPM' });
    await new ApiCaller(server).ok('POST', `${LOCATION}/repositories?repositoryId=copies`, {
      format: 'DOCKER',
      mode: 'REMOTE_REPOSITORY',
      remoteRepositoryConfig: { commonRepository: { uri: IMAGES } },
    });
    const npm = new NpmClient(server, 'packages');
    await npm.publish({ name: NPM_PACKAGE, provenance: true });
    await server.repository('artifacts', { format: 'MAVEN' });
    const artifacts = new MavenClient(server, 'artifacts');
    for (const artifact of [MAVEN_ARTIFACT, MAVEN_SNAPSHOT]) await artifacts.publish(artifact);
    await server.repository('projects', { format: 'PYTHON' });
    const attestations = attestationsOf(wheelName(PYTHON_RELEASE), wheel(PYTHON_RELEASE));
    await new PythonClient(server, 'projects').publish(PYTHON_RELEASE, { attestations });
    await server.repository('modules', { format: 'GO' });
    await new GoClient(server, 'modules').publish(GO_VERSION);
    await new GoClient(server, 'modules').tag(GO_VERSION, 'main');
    await server.repository('files', { format: 'GENERIC' });
    await new GenericClient(server, 'files').publish('tool/1.0/tool.txt', 'the tool');
    const made = new RightsServer(server, { image, npm, params });
    const account = `projects/my-project/serviceAccounts/${params['account'] ?? ''}` as const;
    for (const place of [
      '/',
      PROJECT,
      REPOSITORY,
      PACKAGES,
      PROJECTS,
      MODULES,
      FILES,
      ARTIFACTS,
      COPIES,
      SIBLING,
      FAR,
      account,
    ] as const)
      await made.#hold(place);
    return made;
  }

  /** The `Authorization` of whoever holds a role there and nothing else. */
  holder(role: string, on: ResourceName): string {
    const secret = this.#holders.get(`${role} ${on}`);
    if (secret === undefined) throw new Error(`nobody holds anything on ${on}: add it to the places`);
    return secret;
  }

  /** Someone who holds the role where it means nothing for a resource. */
  stranger(role: string, on: ResourceName): string {
    const inProject = [REPOSITORY, PACKAGES, PROJECTS, MODULES, FILES].includes(on);
    return this.holder(role, inProject ? SIBLING : FAR);
  }

  async #hold(on: ResourceName): Promise<void> {
    const bindings: PolicyBinding[] = [];
    for (const role of ROLES) {
      const id = `holder-${this.#holders.size}`;
      const secret = `ent_${id}`;
      await this.server.accounts.put({ id, kind: 'user' });
      const hash = new Bun.CryptoHasher('sha256').update(secret).digest('hex');
      const expiresAt = this.server.clock.now() + 3_600_000;
      await this.server.tokens.addToken(hash, { id, kind: 'personal', of: id, expiresAt });
      if (role !== NO_ROLE) bindings.push({ role, members: [`user:${id}`] });
      this.#holders.set(`${role} ${on}`, `Bearer ${secret}`);
    }
    await this.server.database.transaction((tx) =>
      changePolicy(tx, on, (current) => ({
        bindings: [...current.bindings, ...bindings],
        auditConfigs: current.auditConfigs,
      })),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}

const last = ({ name }: { readonly name: string }): string => name.slice(name.lastIndexOf('/') + 1);

async function everything(
  server: TestServer,
  { digest }: Descriptor,
  gone: Descriptor,
): Promise<Record<string, string>> {
  const admin = new ApiCaller(server);
  const versions = `${IMAGES}/packages/${encodeURIComponent(PACKAGE)}/versions`;
  await admin.ok('DELETE', `${versions}/${gone.digest}?force=true`);
  const [deleted] = (await admin.get(`${IMAGES}/deletedVersions`)).deletedVersions;
  const operation = await admin.ok('POST', 'projects', { projectId: 'for-an-operation' });
  await admin.ok('POST', 'users?userId=someone', { password: 'a long enough password' });
  const { name: token } = await admin.ok('POST', 'users/me/tokens', { displayName: 'one' });
  await admin.ok('POST', 'groups?groupId=some-group', {});
  await admin.ok('POST', 'groups/some-group/memberships', { member: 'user:someone' });
  const [membership] = (await admin.get('groups/some-group/memberships')).memberships;
  const account = await admin.ok('POST', `${PROJECT}/serviceAccounts`, { accountId: 'some-account' });
  const key = await admin.ok('POST', `${account.name}/keys`, {});
  const cleanup = await admin.ok('POST', `${IMAGES}:runCleanup`, { dryRun: true });
  const role = { role: { title: 'Some', includedPermissions: ['artifactregistry.packages.get'] } };
  const pools = `${PROJECT}/locations/global/workloadIdentityPools`;
  await admin.ok('POST', `${pools}?workloadIdentityPoolId=some-pool`, {});
  await admin.ok('POST', `${pools}/some-pool/providers?workloadIdentityPoolProviderId=some-provider`, {
    attributeMapping: { 'google.subject': 'assertion.sub' },
    oidc: { issuerUri: 'https://issuer.example.com' },
  });
  await admin.ok('POST', `${PROJECT}/roles`, { roleId: 'someRole', ...role });
  await admin.ok('POST', 'organizations/entrepot/roles', { roleId: 'someRole', ...role });
  const run = await admin.ok('POST', 'garbageCollection:run', {});
  return {
    project: 'my-project',
    location: 'us-central1',
    repository: 'images',
    package: PACKAGE,
    version: digest,
    tag: 'v1',
    file: `${PACKAGE}/manifests/${digest}`,
    view: `${PACKAGE}@${digest}`,
    operation: last(operation),
    cleanupRun: last(cleanup.metadata),
    deletedVersion: last(deleted),
    service: 'artifactregistry.googleapis.com',
    user: 'someone',
    token: last({ name: token }),
    group: 'some-group',
    membership: last(membership),
    account: account.email,
    key: last(key),
    role: 'someRole',
    pool: 'some-pool',
    provider: 'some-provider',
    run: run.id,
    digest,
  };
}
