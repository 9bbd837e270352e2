import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Artifact, hexOf, jarOf, pathOf, pomOf } from '../../server/testing/maven.ts';
import { run } from '../harness/run.ts';

/** Where Debian keeps the plugins that its Maven has, so that none are asked for elsewhere. */
const PLUGINS = '/usr/share/maven-repo';
const DEPLOY = 'org.apache.maven.plugins:maven-deploy-plugin:3.0.0:deploy-file';
const DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.5.0';
const GET = `${DEPENDENCIES}:get`;
const COPY = `${DEPENDENCIES}:copy-dependencies`;

/** A real application asks for hundreds of files. */
const LIMIT_MS = 400_000;

/** `GROUP:ARTIFACT:VERSION`; without a version, what is managed says which. */
type Coordinates = string;

export interface Application {
  /** What manages versions. */
  readonly managed: readonly Coordinates[];
  readonly dependencies: readonly Coordinates[];
}

function dependency(coordinates: Coordinates, more = ''): string {
  const [group = '', artifact = '', version] = coordinates.split(':');
  const said = version === undefined ? '' : `<version>${version}</version>`;
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>${said}${more}</dependency>`;
}

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

  /** Resolves what an application depends on, and what that does: the names of all jars and what they hash to, sorted. */
  async resolve(application: Application): Promise<readonly string[]> {
    const dependencies = application.dependencies.map((each) => dependency(each)).join('');
    const managed = application.managed.map((each) =>
      dependency(each, '<type>pom</type><scope>import</scope>'),
    );
    const more =
      `<repositories><repository><id>registry</id><url>${this.#repository.url}</url></repository></repositories>` +
      `<dependencyManagement><dependencies>${managed.join('')}</dependencies></dependencyManagement>` +
      `<dependencies>${dependencies}</dependencies>`;
    await writeFile(join(this.#directory, 'pom.xml'), pomOf({ name: 'application', pom: more }));
    await this.#mvn(COPY, '-DoutputDirectory=jars', '-U');
    const jars = join(this.#directory, 'jars');
    return Promise.all(
      (await readdir(jars))
        .sort()
        .map(async (name) => `${name} ${hexOf(await readFile(join(jars, name)), 'sha256')}`),
    );
  }

  #mvn(...args: readonly string[]): Promise<string> {
    return run(['mvn', '-B', '-s', join(this.#directory, 'settings.xml'), ...args], {
      timeout: LIMIT_MS,
      cwd: this.#directory,
      env: { HOME: this.#directory, MAVEN_OPTS: `-Duser.home=${this.#directory}` },
    });
  }
}
