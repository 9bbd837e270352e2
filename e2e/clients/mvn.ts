import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Artifact, jarOf, pathOf, pomOf } from '../../server/testing/maven.ts';
import { run } from '../harness/run.ts';

/** Where Debian keeps the plugins that its Maven has, so that none are asked for elsewhere. */
const PLUGINS = '/usr/share/maven-repo';
const DEPLOY = 'org.apache.maven.plugins:maven-deploy-plugin:3.0.0:deploy-file';
const GET = 'org.apache.maven.plugins:maven-dependency-plugin:3.5.0:get';

/** The repository that a client uses. */
export interface MavenRepository {
  /** Ends in a slash. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** Maven with a home and a local repository of its own. */
export class Mvn {
  readonly #directory: string;
  readonly #repository: MavenRepository;

  private constructor(directory: string, repository: MavenRepository) {
    this.#directory = directory;
    this.#repository = repository;
  }

  static readonly programs = ['mvn', 'java'];

  /** In an empty directory. */
  static async open(directory: string, repository: MavenRepository): Promise<Mvn> {
    const { username, password } = repository;
    await mkdir(directory, { recursive: true });
    await writeFile(
      join(directory, 'settings.xml'),
      `<settings>
  <localRepository>${join(directory, 'local')}</localRepository>
  <servers><server><id>registry</id><username>${username}</username><password>${password}</password></server></servers>
  <mirrors><mirror><id>debian</id><mirrorOf>central</mirrorOf><url>file://${PLUGINS}</url></mirror></mirrors>
</settings>
`,
    );
    return new Mvn(directory, repository);
  }

  /** Deploys a jar, of which `says` is in it, and its POM. */
  async deploy(artifact: Artifact, says = 'first'): Promise<string> {
    const [jar, pom] = [join(this.#directory, 'it.jar'), join(this.#directory, 'it.pom')];
    await writeFile(jar, jarOf([{ name: 'says.txt', content: says }]));
    await writeFile(pom, pomOf(artifact));
    const { url } = this.#repository;
    return this.#mvn(DEPLOY, `-Dfile=${jar}`, `-DpomFile=${pom}`, '-DrepositoryId=registry', `-Durl=${url}`);
  }

  /** Fetches a jar into the local repository; answers what it says. */
  async get({ group = 'com.acme', name, version = '1.0' }: Artifact): Promise<string> {
    const remote = `registry::default::${this.#repository.url}`;
    await this.#mvn(GET, `-Dartifact=${group}:${name}:${version}`, `-DremoteRepositories=${remote}`, '-U');
    const local = pathOf({ group, name, version });
    return run(['unzip', '-p', join(this.#directory, 'local', local), 'says.txt']);
  }

  #mvn(...args: readonly string[]): Promise<string> {
    return run(['mvn', '-B', '-s', join(this.#directory, 'settings.xml'), ...args], {
      cwd: this.#directory,
      env: { HOME: this.#directory, MAVEN_OPTS: `-Duser.home=${this.#directory}` },
    });
  }
}
