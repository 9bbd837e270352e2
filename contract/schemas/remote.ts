import * as z from 'zod/mini';
import { type Answer, choice, duration, flag, int32, maybe, message, text } from '../proto-json.ts';

const TYPE = 'type.googleapis.com/google.devtools.artifactregistry.v1.RemoteRepositoryConfig';

const custom = () => maybe(message({ uri: maybe(text()) }));

/** One upstream whose public choices have names. */
const named = (kind: string, choices: Readonly<Record<string, number>>) =>
  maybe(
    message({
      publicRepository: maybe(
        choice(`${TYPE}.${kind}.PublicRepository`, { PUBLIC_REPOSITORY_UNSPECIFIED: 0, ...choices }),
      ),
      customRepository: custom(),
    }),
  );

/** One upstream whose public choices are a base and a path below it. */
const based = (kind: string, bases: Readonly<Record<string, number>>) =>
  maybe(
    message({
      publicRepository: maybe(
        message({
          repositoryBase: maybe(
            choice(`${TYPE}.${kind}.PublicRepository.RepositoryBase`, {
              REPOSITORY_BASE_UNSPECIFIED: 0,
              ...bases,
            }),
          ),
          repositoryPath: maybe(text()),
        }),
      ),
      customRepository: custom(),
    }),
  );

/** Secrets are taken and never shown; `has…`, which the server says, is whether one is set. */
const upstreamCredentials = message({
  usernamePasswordCredentials: maybe(
    message({
      username: maybe(text()),
      passwordSecretVersion: maybe(text()),
      /** Beyond Google, and so are the other two kinds. */
      password: maybe(text()),
      hasPassword: maybe(flag()),
    }),
  ),
  bearerCredentials: maybe(message({ token: maybe(text()), hasToken: maybe(flag()) })),
  /** OAuth 2.0 client credentials (RFC 6749 4.4). */
  tokenExchangeCredentials: maybe(
    message({
      tokenUri: maybe(text()),
      clientId: maybe(text()),
      clientSecret: maybe(text()),
      hasClientSecret: maybe(flag()),
      scope: maybe(text()),
    }),
  ),
});

/** Beyond Google: for how long what was copied is good, and whether old copies go where there is no room for new ones. */
const cacheConfig = message({
  indexMaxAge: maybe(duration()),
  fileMaxAge: maybe(duration()),
  notFoundMaxAge: maybe(duration()),
  staleWhileRevalidate: maybe(duration()),
  evict: maybe(flag()),
});

/** Beyond Google: what of the upstream comes in. A pattern is `NAME` or `NAME@VERSION`, `*` standing for any text. */
const safetyRules = message({
  allow: maybe(z.array(text())),
  deny: maybe(z.array(text())),
  minimumReleaseAge: maybe(duration()),
  minimumReleaseAgeExceptions: maybe(z.array(text())),
  pinFirstSeen: maybe(flag()),
});

/** Beyond Google: a checksum database that copies are held to. `key` is `NAME+HASH+KEY`, as GOSUMDB has it. */
const checksumDatabase = message({
  key: maybe(text()),
  uri: maybe(text()),
  exceptions: maybe(z.array(text())),
});

export const remoteRepositoryConfig = message(
  {
    description: maybe(text()),
    dockerRepository: named('DockerRepository', { DOCKER_HUB: 1 }),
    mavenRepository: named('MavenRepository', { MAVEN_CENTRAL: 1 }),
    npmRepository: named('NpmRepository', { NPMJS: 1 }),
    pythonRepository: named('PythonRepository', { PYPI: 1 }),
    /** Google's has no public choice; it takes the one public proxy by its address. */
    goRepository: named('GoRepository', { GO_PROXY: 1 }),
    aptRepository: based('AptRepository', { DEBIAN: 1, UBUNTU: 2, DEBIAN_SNAPSHOT: 3 }),
    yumRepository: based('YumRepository', {
      CENTOS: 1,
      CENTOS_DEBUG: 2,
      CENTOS_VAULT: 3,
      CENTOS_STREAM: 4,
      ROCKY: 5,
      EPEL: 6,
    }),
    commonRepository: maybe(message({ uri: maybe(text()) })),
    upstreamCredentials: maybe(upstreamCredentials),
    /** Beyond Google: origins besides the upstream's that may be shown its credentials, for their tokens. */
    tokenOrigins: maybe(z.array(text())),
    cacheConfig: maybe(cacheConfig),
    safetyRules: maybe(safetyRules),
    checksumDatabase: maybe(checksumDatabase),
    /** Beyond Google: whether the upstream is asked for known vulnerabilities, which tells it what is installed. */
    forwardAudits: maybe(flag()),
    disableUpstreamValidation: maybe(flag()),
    noCache: maybe(message({})),
  },
  ['enableIngestionAttestation', 'deleteNotFoundCacheFiles', 'serviceDirectoryConfig', 'remoteType'],
);

export const virtualRepositoryConfig = message({
  upstreamPolicies: maybe(
    z.array(message({ id: maybe(text()), repository: maybe(text()), priority: maybe(int32()) })),
  ),
  /** Beyond Google: the upstream that what is published here goes to. */
  writeRepository: maybe(text()),
  /** Beyond Google: whether an upstream that fails, fails the request, or is left out of the answer. */
  memberFailure: maybe(
    choice('type.googleapis.com/google.devtools.artifactregistry.v1.VirtualRepositoryConfig.MemberFailure', {
      MEMBER_FAILURE_UNSPECIFIED: 0,
      FAIL: 1,
      ANSWER_WITHOUT: 2,
    }),
  ),
});
export type RemoteRepositoryConfig = Answer<typeof remoteRepositoryConfig>;
export type VirtualRepositoryConfig = Answer<typeof virtualRepositoryConfig>;
