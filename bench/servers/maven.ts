import { type Artifact, folder, jarOf, pathOf, pomOf } from '../../server/testing/maven.ts';
import { succeed } from '../load/oci-client.ts';
import { type Entrepot, LOCATION, PROJECT } from './entrepot.ts';
import type { Running } from './server.ts';

/** A running server that Maven can deploy to. */
export interface MavenServer extends Running {
  /** Ends in a slash. */
  readonly repository: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const MAVEN_REPOSITORY = 'maven';

export const mavenAt = (server: Entrepot): MavenServer => ({
  ...server,
  repository: `${server.url}/${LOCATION}-maven/${PROJECT}/${MAVEN_REPOSITORY}/`,
  headers: { authorization: `Bearer ${server.accessToken}` },
});

export const metadataPath = (artifact: Artifact): string => `${folder(artifact)}/maven-metadata.xml`;

/** A jar and its POM, as Maven sends them; what is sent beside them is made by a repository or not needed. */
export async function deploy(
  { repository, headers }: MavenServer,
  artifact: Artifact,
  jar = jarOf(),
): Promise<void> {
  const files = { [pathOf(artifact)]: jar, [pathOf(artifact, '.pom')]: pomOf(artifact) };
  for (const [path, body] of Object.entries(files))
    await (await succeed(new URL(repository + path), { method: 'PUT', headers, body })).text();
}
