import * as z from 'zod/mini';
import { flag, int32, maybe, message, text } from '../proto-json.ts';
import { choice } from '../proto-json.ts';

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

export const remoteRepositoryConfig = message(
  {
    description: maybe(text()),
    dockerRepository: named('DockerRepository', { DOCKER_HUB: 1 }),
    mavenRepository: named('MavenRepository', { MAVEN_CENTRAL: 1 }),
    npmRepository: named('NpmRepository', { NPMJS: 1 }),
    pythonRepository: named('PythonRepository', { PYPI: 1 }),
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
    upstreamCredentials: maybe(
      message({
        usernamePasswordCredentials: maybe(
          message({ username: maybe(text()), passwordSecretVersion: maybe(text()) }),
        ),
      }),
    ),
    disableUpstreamValidation: maybe(flag()),
    noCache: maybe(message({})),
  },
  [
    'enableIngestionAttestation',
    'deleteNotFoundCacheFiles',
    'serviceDirectoryConfig',
    'remoteType',
    'goRepository',
  ],
);

export const virtualRepositoryConfig = message({
  upstreamPolicies: maybe(
    z.array(message({ id: maybe(text()), repository: maybe(text()), priority: maybe(int32()) })),
  ),
});
